package io.parley.peer.enclaves;

import io.parley.evidence.Manifest;
import io.parley.peer.machine.RunAs;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts app folders where the enclaves' user can read them. A copy is needed where the node runs as
 * root, and where the platform measures apps: what is mounted must be what was measured. A copy is
 * kept, and made anew when a file of the source looks changed; that is no check: what counts is the
 * copy's digest, and what the shim measures inside. Thread-safe.
 */
final class AppFolders {
  /**
   * What an enclave is to mount.
   *
   * @param digest of the manifest of that folder's files, taken while they were copied; null where
   *     nothing was copied
   */
  record Mounted(Path folder, @Nullable Digest digest) {}

  private record Copy(Path folder, String looks, Digest digest) {}

  private final boolean copy;
  private final Path copies;
  private final Map<Path, Copy> byFolder = new HashMap<>();
  private int count;

  AppFolders(RunAs user, boolean measured, Path copies) {
    this.copy = user.drop() || measured;
    this.copies = copies;
  }

  /** What to mount for this app. */
  synchronized Mounted mounted(Path appFolder) throws IOException {
    Path real = appFolder.toRealPath();
    if (!copy) {
      return new Mounted(real, null);
    }
    String looks = looks(real);
    Copy kept = byFolder.get(real);
    if (kept == null || !kept.looks().equals(looks)) {
      // The old copy stays until the end: an enclave may be using it.
      Path folder = copies.resolve(Integer.toString(++count));
      Files.createDirectory(folder);
      Digest digest = Manifest.builder().stage(real, folder).build().digest();
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      kept = new Copy(folder, looks, digest);
      byFolder.put(real, kept);
    }
    return new Mounted(kept.folder(), kept.digest());
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
