package io.parley.peer.apps;

import io.parley.evidence.ManifestBuilder;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks a tar from anyone into an empty folder: regular files only, relative plain paths, each
 * once, within the limits. Everything is checked before it is written.
 */
final class AppUnpacker {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MAX_PATH_CHARS = 1024;
  private static final Pattern FORBIDDEN = Pattern.compile("[\\\\\\p{Cc}\\p{Cs}]");
  private static final Set<PosixFilePermission> EXECUTABLE =
      PosixFilePermissions.fromString("r-xr-xr-x");
  private static final Set<PosixFilePermission> PLAIN =
      PosixFilePermissions.fromString("r--r--r--");
  private static final int OWNER_EXECUTE = 0100;

  private final Path folder;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int files;
  private long bytes;

  AppUnpacker(Path folder) {
    this.folder = folder;
  }

  /**
   * Reads to the end of the archive.
   *
   * @throws RefusedException INVALID_APP or SIZE_LIMIT; the folder then holds a part
   */
  void unpack(InputStream packed) throws IOException {
    TarArchiveInputStream tar = new TarArchiveInputStream(packed, "UTF-8");
    for (TarArchiveEntry entry = next(tar); entry != null; entry = next(tar)) {
      check(entry);
      write(entry, tar);
    }
    if (files == 0) {
      throw invalid("a packed app holds no file; expected a tar");
    }
  }

  /** Writing errors are the disk's, reading errors are the sender's. */
  private static @Nullable TarArchiveEntry next(TarArchiveInputStream tar)
      throws FileSystemException {
    try {
      return tar.getNextEntry();
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw invalid("a packed app is no tar, or was cut short");
    }
  }

  private void check(TarArchiveEntry entry) {
    String name = entry.getName();
    if (!entry.isFile() || entry.isSparse() || entry.isLink() || entry.isSymbolicLink()) {
      throw invalid("'%s' is not a regular file".formatted(printable(name)));
    }
    boolean plain =
        name.length() <= MAX_PATH_CHARS
            && !FORBIDDEN.matcher(name).find()
            && List.of(name.split("/", -1)).stream()
                .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    if (!plain) {
      throw invalid("'%s' is no relative, plain path".formatted(printable(name)));
    }
    files++;
    // Before a byte is written: the size in the header binds the reader below.
    if (files > AppLimits.MAX_FILES
        || entry.getSize() < 0
        || entry.getSize() > AppLimits.MAX_BYTES - bytes) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "the app has more than %d files or %d bytes"
              .formatted(AppLimits.MAX_FILES, AppLimits.MAX_BYTES),
          Map.of("limit_bytes", Long.toString(AppLimits.MAX_BYTES)));
    }
    bytes += entry.getSize();
  }

  private void write(TarArchiveEntry entry, TarArchiveInputStream tar) throws IOException {
    Path file = folder.resolve(entry.getName());
    try {
      Files.createDirectories(file.getParent());
      try (OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        long left = entry.getSize();
        while (left > 0) {
          int count = read(tar, (int) Math.min(buffer.length, left));
          out.write(buffer, 0, count);
          left -= count;
        }
      }
    } catch (FileAlreadyExistsException e) {
      throw invalid("'%s' comes twice".formatted(printable(entry.getName())));
    }
    Files.setPosixFilePermissions(
        file, (entry.getMode() & OWNER_EXECUTE) != 0 ? EXECUTABLE : PLAIN);
    Files.setLastModifiedTime(file, ManifestBuilder.COPY_TIME);
  }

  private int read(TarArchiveInputStream tar, int most) {
    try {
      int count = tar.read(buffer, 0, most);
      if (count > 0) {
        return count;
      }
    } catch (IOException e) {
      throw invalid("a packed app was cut short");
    }
    throw invalid("a packed app was cut short");
  }

  private static String printable(String name) {
    String clean = FORBIDDEN.matcher(name).replaceAll("?");
    return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
  }

  private static RefusedException invalid(String message) {
    return new RefusedException(Reason.INVALID_APP, message);
  }
}
