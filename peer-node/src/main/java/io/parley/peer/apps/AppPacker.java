package io.parley.peer.apps;

import io.parley.evidence.Manifest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Packs an app folder as a tar: the files of its manifest, in the manifest's order, with its modes
 * and no other metadata. The same folder gives the same bytes everywhere.
 */
public final class AppPacker {
  private static final int EXECUTABLE = 0755;
  private static final int PLAIN = 0644;

  private AppPacker() {}

  /**
   * The manifest of an app's folder, whose digest is the app's; checks {@code app.yaml} too.
   *
   * @throws RefusedException INVALID_APP, INVALID_MANIFEST or SIZE_LIMIT
   */
  public static Manifest manifest(Path folder) {
    try {
      if (!Files.isDirectory(folder)) {
        throw new RefusedException(
            Reason.INVALID_APP,
            "%s is not a folder".formatted(folder),
            Map.of("path", folder.toString()));
      }
      sizeBytes(folder);
      Manifest manifest = Manifest.builder().measure(folder).build();
      AppDescription.read(folder);
      return manifest;
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /**
   * Packs what the folder holds now. A folder that changes meanwhile gives a tar that no receiver
   * takes: its digest is not the one that was asked for.
   *
   * @return the manifest
   */
  public static Manifest pack(Path folder, OutputStream target) {
    Manifest manifest = manifest(folder);
    try {
      TarArchiveOutputStream tar = new TarArchiveOutputStream(target, "UTF-8");
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (Map.Entry<String, Manifest.Entry> file : manifest.files().entrySet()) {
        add(tar, folder.resolve(file.getKey()), file.getKey(), file.getValue().executable());
      }
      tar.finish();
      target.flush();
      return manifest;
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Bytes of all files below. */
  static long sizeBytes(Path folder) throws IOException {
    long bytes = 0;
    try (var files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          bytes += Files.size(file);
        }
      }
    }
    if (bytes > AppLimits.MAX_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "the app has %d bytes; at most %d".formatted(bytes, AppLimits.MAX_BYTES),
          Map.of(
              "size_bytes", Long.toString(bytes),
              "limit_bytes", Long.toString(AppLimits.MAX_BYTES)));
    }
    return bytes;
  }

  private static void add(TarArchiveOutputStream tar, Path file, String name, boolean executable)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_NORMAL);
    entry.setSize(Files.size(file));
    entry.setMode(executable ? EXECUTABLE : PLAIN);
    entry.setModTime(0);
    entry.setIds(0, 0);
    entry.setNames("", "");
    tar.putArchiveEntry(entry);
    Files.copy(file, tar);
    tar.closeArchiveEntry();
  }

  private static EnvironmentException failed(Path folder, IOException cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "the app folder %s can't be packed: %s".formatted(folder, cause),
        Map.of("path", folder.toString()),
        cause);
  }
}
