package io.parley.peer.enclaves;

import io.parley.evidence.Manifest;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/**
 * Puts app folders where the enclaves' user can read them. Only a node that runs as root needs a
 * copy. An app's copy is kept, and made anew when a file of the source looks changed; that is no
 * check: what counts is what the shim measures inside. Thread-safe.
 */
final class AppFolders {
  private record Copy(Path folder, String looks) {}

  private final RunAs user;
  private final Path copies;
  private final Map<Path, Copy> byFolder = new HashMap<>();
  private int count;

  AppFolders(RunAs user, Path copies) {
    this.user = user;
    this.copies = copies;
  }

  /** The folder to mount. */
  synchronized Path readable(Path appFolder) throws IOException {
    Path real = appFolder.toRealPath();
    if (!user.drop()) {
      return real;
    }
    String looks = looks(real);
    Copy copy = byFolder.get(real);
    if (copy == null || !copy.looks().equals(looks)) {
      // The old copy stays until the end: an enclave may be using it.
      Path folder = copies.resolve(Integer.toString(++count));
      Files.createDirectory(folder);
      Manifest.builder().stage(real, folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      copy = new Copy(folder, looks);
      byFolder.put(real, copy);
    }
    return copy.folder();
  }

  private static String looks(Path folder) throws IOException {
    StringBuilder looks = new StringBuilder();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            looks
                .append(file)
                .append(' ')
                .append(attributes.fileKey())
                .append(' ')
                .append(attributes.size())
                .append(' ')
                .append(attributes.lastModifiedTime().toInstant())
                .append('\n');
            return FileVisitResult.CONTINUE;
          }
        });
    return looks.toString();
  }
}
