package io.parley.peer.apps;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.evidence.Manifest;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppStoreTest {
  private static final String YAML =
      "name: demo\nversion: \"1\"\ndescription: A demo\ncommand: [bin/run, \"--fast\"]\n";
  private static final String LONG = "x".repeat(90) + "/" + "y".repeat(90) + "/漢字 🦉.txt";

  @TempDir Path folder;
  private Path app;
  private AppStore store;

  @BeforeEach
  void layOut() throws IOException {
    app = Files.createDirectories(folder.resolve("demo"));
    Files.createDirectories(app.resolve("bin"));
    Files.writeString(app.resolve("app.yaml"), YAML);
    Files.writeString(app.resolve("bin/run"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        app.resolve("bin/run"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectories(app.resolve(LONG).getParent());
    Files.writeString(app.resolve(LONG), "text");
    Files.write(app.resolve("empty"), new byte[0]);
    store = open();
  }

  @Test
  void packedAppArrivesUnchanged() throws IOException {
    Manifest manifest = AppPacker.manifest(app);

    StoredApp stored = store.add(packed(app), manifest.digest());

    assertThat(stored.digest()).isEqualTo(manifest.digest());
    assertThat(stored.description().command()).containsExactly("bin/run", "--fast");
    assertThat(AppPacker.manifest(stored.folder())).isEqualTo(manifest);
    assertThat(Files.readString(stored.folder().resolve(LONG))).isEqualTo("text");
    assertThat(stored.sizeBytes()).isEqualTo(YAML.length() + 10 + 4);
    assertThat(store.resolve("demo")).isEqualTo(manifest.digest());
    assertThat(store.names()).containsOnlyKeys("demo");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void sameFilesGiveTheSameBytesWhateverTheirAge() throws IOException {
    byte[] first = bytes(app);
    Files.setLastModifiedTime(app.resolve("empty"), FileTime.from(Instant.EPOCH));
    Files.setPosixFilePermissions(
        app.resolve("empty"), PosixFilePermissions.fromString("rw-rw-rw-"));

    assertThat(bytes(app)).isEqualTo(first);
  }

  @Test
  void storedFilesAreReadOnlyAndPackAgainTheSame() throws IOException {
    StoredApp stored = store.add(packed(app));
    ByteArrayOutputStream again = new ByteArrayOutputStream();

    store.write(stored.digest(), again);

    assertThat(again.toByteArray()).isEqualTo(bytes(app));
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(stored.folder().resolve("empty"))))
        .isEqualTo("r--r--r--");
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(stored.folder().resolve("bin/run"))))
        .isEqualTo("r-xr-xr-x");
  }

  @Test
  void appsAreThereAgainAfterARestartAndHalfDoneOnesAreNot() throws IOException {
    Digest digest = store.add(packed(app)).digest();
    Files.createDirectories(folder.resolve("store/incoming-1/bin"));
    Files.writeString(folder.resolve("store/incoming-1/bin/x"), "x");

    AppStore restarted = open();

    assertThat(restarted.list()).extracting(StoredApp::digest).containsExactly(digest);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void bundledAppsAreKnownByName() throws IOException {
    AppStore withBundled = AppStore.open(folder.resolve("store"), folder.resolve("dist"));
    assertThat(withBundled.list()).isEmpty();
    Path dist = Files.createDirectories(folder.resolve("dist"));
    Files.move(app, dist.resolve("demo"));

    StoredApp bundled = AppStore.open(folder.resolve("store"), dist).list().getFirst();

    assertThat(bundled.bundled()).isTrue();
    assertThat(bundled.folder()).isEqualTo(dist.resolve("demo"));
  }

  @Test
  void nameOfTwoAppsMustBeMadeClear() throws IOException {
    store.add(packed(app));
    Files.writeString(app.resolve("more"), "more");
    store.add(packed(app));

    assertRefused(Reason.INVALID_APP, () -> store.resolve("demo"));
    assertRefused(Reason.APP_NOT_FOUND, () -> store.resolve("other"));
    assertThat(store.names()).isEmpty();
  }

  @Test
  void otherAppThanTheOneAskedForIsRefused() throws IOException {
    Digest asked = AppPacker.manifest(app).digest();
    Files.writeString(app.resolve("empty"), "!");

    assertRefused(Reason.APP_DIGEST_WRONG, () -> store.add(packed(app), asked));
    assertThat(store.list()).isEmpty();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void changedFileInTheStoreIsNoticedWhenPacked() throws IOException {
    StoredApp stored = store.add(packed(app));
    Path file = stored.folder().resolve("empty");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(file, "changed");

    assertRefused(
        Reason.APP_DIGEST_WRONG, () -> store.write(stored.digest(), new ByteArrayOutputStream()));
  }

  @Test
  void sameAppAddedByManyAtOnceIsOneApp() throws Exception {
    byte[] tar = bytes(app);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<StoredApp> add = () -> store.add(new ByteArrayInputStream(tar));
      for (Future<StoredApp> added : threads.invokeAll(List.of(add, add, add, add, add, add))) {
        assertThat(added.get().digest()).isEqualTo(AppPacker.manifest(app).digest());
      }
    }
    assertThat(store.list()).hasSize(1);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void appThatComesInPiecesIsKeptOnceItIsWhole() throws IOException {
    Digest digest = AppPacker.manifest(app).digest();
    ByteString tar = ByteString.copyFrom(bytes(app));
    try (AppUpload abandoned = store.upload()) {
      abandoned.write(tar.substring(0, 1000));
    }
    assertThat(store.list()).isEmpty();
    try (AppUpload upload = store.upload()) {
      for (int at = 0; at < tar.size(); at += 1000) {
        upload.write(tar.substring(at, Math.min(tar.size(), at + 1000)));
      }
      assertThat(upload.finish(digest).digest()).isEqualTo(digest);
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void tarCutAnywhereIsRefused() throws IOException {
    byte[] tar = bytes(app);
    Digest digest = AppPacker.manifest(app).digest();
    // The last two blocks say that the archive ends; without them it is complete all the same.
    int end = tar.length - 1;
    while (tar[end] == 0) {
      end--;
    }
    for (int length = 0; length <= end; length += 97) {
      byte[] cut = Arrays.copyOf(tar, length);
      assertThatThrownBy(() -> store.add(new ByteArrayInputStream(cut), digest))
          .as("length %d", length)
          .isInstanceOf(ParleyException.class);
    }
    assertThat(store.list()).isEmpty();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void flippedBitsNeverGiveTheDigestThatWasAskedFor() throws IOException {
    byte[] tar = bytes(app);
    Digest digest = AppPacker.manifest(app).digest();
    for (int at = 0; at < tar.length; at += 13) {
      byte[] flipped = tar.clone();
      flipped[at] ^= 0x10;
      try {
        // Padding and times are not part of the app.
        assertThat(
                AppPacker.manifest(store.add(new ByteArrayInputStream(flipped), digest).folder())
                    .digest())
            .isEqualTo(digest);
      } catch (ParleyException e) {
        assertThat(e.reason())
            .isIn(
                Reason.INVALID_APP,
                Reason.INVALID_MANIFEST,
                Reason.APP_DIGEST_WRONG,
                Reason.SIZE_LIMIT);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside",
        "a/../../outside",
        "/outside",
        "a//b",
        "./a",
        "a/./b",
        "a\\b",
        "a\u0001b",
        "..",
        ""
      })
  void pathsThatLeaveTheFolderOrAreNotPlainAreRefused(String name) throws IOException {
    byte[] tar = tar(new TarArchiveEntry(name, true), "x".getBytes(UTF_8));

    assertRefused(Reason.INVALID_APP, () -> store.add(new ByteArrayInputStream(tar)));
    assertThat(folder.resolve("outside")).doesNotExist();
    assertThat(folder.resolve("store/outside")).doesNotExist();
    assertThat(leftovers()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      bytes = {
        TarConstants.LF_LINK,
        TarConstants.LF_SYMLINK,
        TarConstants.LF_CHR,
        TarConstants.LF_BLK,
        TarConstants.LF_DIR,
        TarConstants.LF_FIFO
      })
  void everythingButRegularFilesIsRefused(byte type) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry("link", type);
    entry.setLinkName("/etc/passwd");
    byte[] tar = tar(entry, new byte[0]);

    assertRefused(Reason.INVALID_APP, () -> store.add(new ByteArrayInputStream(tar)));
  }

  @Test
  void fileThatComesTwiceIsRefused() throws IOException {
    byte[] tar = tar(new TarArchiveEntry("a"), new byte[1], new TarArchiveEntry("a"));
    byte[] below = tar(new TarArchiveEntry("a"), new byte[1], new TarArchiveEntry("a/b"));

    assertRefused(Reason.INVALID_APP, () -> store.add(new ByteArrayInputStream(tar)));
    assertRefused(Reason.INVALID_APP, () -> store.add(new ByteArrayInputStream(below)));
  }

  @Test
  void hugeSizeInAHeaderIsRefusedBeforeAnythingIsRead() throws IOException {
    byte[] tar = tar(new TarArchiveEntry("a"), new byte[1]);
    byte[] size = "77777777777\0".getBytes(UTF_8);
    System.arraycopy(size, 0, tar, 124, size.length);
    checksum(tar);

    assertRefused(Reason.SIZE_LIMIT, () -> store.add(new ByteArrayInputStream(tar)));
  }

  @Test
  void tooManyFilesAreRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (int i = 0; i <= AppLimits.MAX_FILES; i++) {
        tar.putArchiveEntry(new TarArchiveEntry("f" + i));
        tar.closeArchiveEntry();
      }
    }

    assertRefused(
        Reason.SIZE_LIMIT, () -> store.add(new ByteArrayInputStream(bytes.toByteArray())));
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void linkInAnAppFolderIsRefusedWhenPacked() throws IOException {
    Files.createSymbolicLink(app.resolve("link"), Path.of("/etc/passwd"));

    assertThatThrownBy(() -> AppPacker.pack(app, new ByteArrayOutputStream()))
        .isInstanceOf(ParleyException.class)
        .hasMessageContaining("link");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "- a",
        "name: demo",
        "name: Demo\ncommand: [java]",
        "name: demo\ncommand: java",
        "name: demo\ncommand: []",
        "name: demo\ncommand: [java, ~]",
        "name: demo\ncommand: [python3]",
        "name: demo\ncommand: [../../bin/sh]",
        "name: demo\ncommand: [empty]",
        "name: demo\ncommand: [java]\nentrypoint: x",
        "name: demo\nname: demo\ncommand: [java]",
        "name: demo\nversion: [1, 0]\ncommand: [java]",
        "name: demo\ncommand: [java",
        "name: demo\ncommand: [java]\n---\nname: other\n"
      })
  void wrongDescriptionsAreRefused(String yaml) throws IOException {
    Files.writeString(app.resolve("app.yaml"), yaml);

    assertRefused(Reason.INVALID_APP, () -> AppPacker.manifest(app));
  }

  @Test
  void allThatIsWrongWithADescriptionIsToldAtOnceWithItsPlace() throws IOException {
    Files.writeString(app.resolve("app.yaml"), "name: Demo\ncomand: x\ncommand: [python3]\n");

    assertThatThrownBy(() -> AppPacker.manifest(app))
        .isInstanceOf(ParleyException.class)
        .hasMessageContaining("app.yaml:1:1: name: ")
        .hasMessageContaining("app.yaml:2:1: comand: unknown key")
        .hasMessageContaining("app.yaml:3:1: command: starts with 'python3'");
  }

  private AppStore open() {
    return AppStore.open(folder.resolve("store"), folder.resolve("none"));
  }

  private List<String> leftovers() throws IOException {
    try (var files = Files.list(folder.resolve("store"))) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.startsWith("incoming"))
          .toList();
    }
  }

  private static InputStream packed(Path app) {
    return new ByteArrayInputStream(bytes(app));
  }

  private static byte[] bytes(Path app) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AppPacker.pack(app, bytes);
    return bytes.toByteArray();
  }

  private static byte[] tar(TarArchiveEntry first, byte[] content, TarArchiveEntry... more)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
      first.setSize(content.length);
      tar.putArchiveEntry(first);
      tar.write(content);
      tar.closeArchiveEntry();
      for (TarArchiveEntry entry : more) {
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static void checksum(byte[] header) {
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += header[i] & 0xff;
    }
    byte[] text = "%06o\0 ".formatted(sum).getBytes(UTF_8);
    System.arraycopy(text, 0, header, 148, text.length);
  }

  private static void assertRefused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
