package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.evidence.ManifestBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldersTest {
  @TempDir Path folder;

  @Test
  void filesFoldersAndLinksGoAndWhatLinksPointToStays() throws IOException {
    Folders folders = folders();
    Path kept = Files.writeString(folder.resolve("kept"), "x");
    Files.writeString(folders.in().resolve("a.arrow"), "x");
    Files.createDirectories(folders.out().resolve("b/c"));
    Files.writeString(folders.out().resolve("b/c/d"), "x");
    Files.createSymbolicLink(folders.out().resolve("link"), kept);
    Files.createSymbolicLink(folders.out().resolve("folder"), folders.app());
    Files.writeString(folders.app().resolve("app.yaml"), "x");

    folders.wipe();

    assertThat(folders.in()).isEmptyDirectory();
    assertThat(folders.out()).isEmptyDirectory();
    assertThat(kept).exists();
    assertThat(folders.app().resolve("app.yaml")).exists();
  }

  @Test
  void aFolderThatIsClosedToEverybodyKeepsNothingElse() throws IOException {
    Folders folders = folders();
    Path closed = Files.createDirectories(folders.out().resolve("closed"));
    Files.writeString(closed.resolve("x"), "x");
    Files.writeString(folders.out().resolve("a"), "x");
    Files.writeString(folders.out().resolve("z"), "x");
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    try {
      folders.wipe();

      assertThat(folders.out().resolve("a")).doesNotExist();
      assertThat(folders.out().resolve("z")).doesNotExist();
    } finally {
      if (Files.exists(closed)) {
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
      }
    }
  }

  @Test
  void nothingThatAnAppCouldUseToTellTheNextOneSurvivesIt() throws IOException {
    Folders folders = folders();
    Path tmp = folders.scratch().getFirst();
    Files.writeString(folders.in().resolve("a.arrow"), "x");
    Files.createDirectories(folders.app().resolve("1/lib"));
    Files.createDirectories(tmp.resolve("a/b"));
    Files.writeString(tmp.resolve("a/b/word"), "x");
    Files.setPosixFilePermissions(tmp.resolve("a"), PosixFilePermissions.fromString("---------"));
    for (Path place : List.of(folders.in(), tmp, folders.app())) {
      Files.setLastModifiedTime(place, FileTime.fromMillis(123));
      Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwx-w---x"));
    }
    Files.writeString(folders.out().resolve("result"), "x");

    folders.clearAfterApp();

    for (Path place : List.of(folders.in(), tmp, folders.app())) {
      assertThat(place).isEmptyDirectory();
      assertThat(Files.getLastModifiedTime(place)).isEqualTo(ManifestBuilder.COPY_TIME);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(place)))
          .isEqualTo("rwxr-xr-x");
    }
    assertThat(folders.out().resolve("result")).exists();
  }

  @Test
  void whatIsHeldIsWhereNoAppCanGuess() {
    SecureRandom random = new SecureRandom();
    Path held = Folders.ofSandbox(random).held();
    assertThat(held).isNotEqualTo(Folders.ofSandbox(random).held());
    assertThat(held.getParent()).isEqualTo(Folders.ofSandbox(random).in().getParent());
    assertThat(held.getFileName().toString()).matches("[0-9a-f]{32}");
  }

  private Folders folders() throws IOException {
    return new Folders(
        folder.resolve("none"),
        Files.createDirectories(folder.resolve("app")),
        Files.createDirectories(folder.resolve("in")),
        Files.createDirectories(folder.resolve("out")),
        folder.resolve("held"),
        List.of(Files.createDirectories(folder.resolve("tmp"))));
  }
}
