package io.parley.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
  private static final String EMPTY_SHA256 =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  @TempDir Path folder;
  private Path source;

  @BeforeEach
  void files() throws IOException {
    source = folder.resolve("source");
    Files.createDirectories(source.resolve("lib"));
    Files.createFile(source.resolve("lib/b.jar"));
    Files.createFile(source.resolve("run"));
    Files.setPosixFilePermissions(
        source.resolve("run"), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(source.resolve("lib.txt"), "x");
  }

  @Test
  void textIsCanonical() throws IOException {
    Manifest manifest =
        Manifest.builder()
            .value("argv", "java -cp a b")
            .value("Env", "")
            .stage(source, folder.resolve("copy"))
            .build();
    assertThat(manifest.text())
        .isEqualTo(
            """
            parley-manifest 1
            file 644 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 lib.txt
            file 644 %1$s lib/b.jar
            file 755 %1$s run
            value Env\s
            value argv java -cp a b
            """
                .formatted(EMPTY_SHA256));
    assertThat(Manifest.parse(manifest.text())).isEqualTo(manifest);
    assertThat(manifest.digest())
        .hasToString("sha256:" + io.parley.wire.Digest.of(manifest.text().getBytes(UTF_8)).hex());
  }

  @Test
  void copyIsWhatWasMeasured() throws IOException {
    Path copy = folder.resolve("copy");
    Manifest manifest = Manifest.builder().stage(source, copy).build();
    Files.writeString(source.resolve("lib/b.jar"), "swapped");
    assertThat(Manifest.builder().measure(copy).build()).isEqualTo(manifest);
    assertThat(Manifest.builder().measure(source).build()).isNotEqualTo(manifest);
    assertThat(Files.getLastModifiedTime(copy.resolve("lib/b.jar")))
        .isEqualTo(ManifestBuilder.COPY_TIME);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("run"))))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void everyChangeChangesTheDigest() throws IOException {
    Manifest before = Manifest.builder().measure(source).build();
    Files.setPosixFilePermissions(
        source.resolve("lib/b.jar"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Manifest mode = Manifest.builder().measure(source).build();
    Files.move(source.resolve("run"), source.resolve("Run"));
    Manifest renamed = Manifest.builder().measure(source).build();
    Files.writeString(source.resolve("lib.txt"), "y");
    Manifest content = Manifest.builder().measure(source).build();
    assertThat(List.of(before.digest(), mode.digest(), renamed.digest(), content.digest()))
        .doesNotHaveDuplicates();
  }

  @Test
  void filterLeavesOutAndPrefixGoesBefore() throws IOException {
    Manifest manifest =
        Manifest.builder()
            .stage(source, folder.resolve("copy"), "jdk/", path -> !path.startsWith("lib"))
            .build();
    assertThat(manifest.files()).containsOnlyKeys("jdk/lib.txt", "jdk/run");
    assertThat(folder.resolve("copy/lib")).doesNotExist();
  }

  @Test
  void linksAreRefused() throws IOException {
    Files.createSymbolicLink(source.resolve("link"), source.resolve("run"));
    assertThatThrownBy(() -> Manifest.builder().measure(source))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("link");
  }

  @Test
  void unicodePathsSortByTheirBytes() throws IOException {
    // U+FF5E sorts after the surrogates of U+1F600 in UTF-16, before them in UTF-8.
    Files.createFile(source.resolve("\uD83D\uDE00"));
    Files.createFile(source.resolve("\uFF5E"));
    Manifest manifest = Manifest.builder().measure(source).build();
    assertThat(List.copyOf(manifest.files().keySet()))
        .containsSubsequence("\uFF5E", "\uD83D\uDE00");
    assertThat(Manifest.parse(manifest.text())).isEqualTo(manifest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "parley-manifest 2\n",
        "parley-manifest 1",
        "parley-manifest 1\r\n",
        "parley-manifest 1\n\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " ../x\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " /x\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " a//x\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " ./x\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " a/\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " a\\x\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + " a\tx\n",
        "parley-manifest 1\nfile 664 " + EMPTY_SHA256 + " a\n",
        "parley-manifest 1\nfile 644 E" + EMPTY_SHA256 + " a\n",
        "parley-manifest 1\nfile 644 " + EMPTY_SHA256 + "\n",
        "parley-manifest 1\nlink 644 " + EMPTY_SHA256 + " a\n",
        "parley-manifest 1\nvalue a\n",
        "parley-manifest 1\nvalue a/b c\n",
        "parley-manifest 1\nvalue b 1\nvalue a 1\n",
        "parley-manifest 1\nvalue a 1\nvalue a 1\n",
        "parley-manifest 1\nvalue a 1\nfile 644 " + EMPTY_SHA256 + " a\n",
      })
  void whatIsNotCanonicalIsRefused(String text) {
    assertThatThrownBy(() -> Manifest.parse(text))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_MANIFEST));
  }

  @Test
  void textCutAtAnyPlaceIsRefusedOrAnotherManifest() throws IOException {
    Manifest manifest = Manifest.builder().value("argv", "java").measure(source).build();
    for (int cut = 0; cut < manifest.text().length(); cut++) {
      String text = manifest.text().substring(0, cut);
      try {
        assertThat(Manifest.parse(text)).isNotEqualTo(manifest);
        assertThat(text).endsWith("\n");
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_MANIFEST);
      }
    }
  }
}
