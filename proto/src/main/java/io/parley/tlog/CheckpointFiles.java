package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;

/**
 * Checkpoints that are kept as files, because somebody relies on having seen them.
 *
 * <p>Guarantee: a file is the old one or the new one at any moment, and when {@link #write} returns
 * the new one is on disk, also if the machine loses its power then.
 */
public final class CheckpointFiles {
  private CheckpointFiles() {}

  /**
   * Puts a checkpoint on disk; replaces.
   *
   * @throws EnvironmentException IO_FAILED
   */
  public static void write(Path file, SignedCheckpoint checkpoint) {
    write(file, checkpoint.encode());
  }

  /**
   * Puts bytes on disk; replaces. The folder is made, for its owner only.
   *
   * @throws EnvironmentException IO_FAILED
   */
  public static void write(Path file, ByteString bytes) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw failed(file, "is no file in a folder", null);
    }
    Path fresh = folder.resolve("." + file.getFileName() + ".new");
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (FileChannel out =
          FileChannel.open(
              fresh,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer left = ByteBuffer.wrap(bytes.toByteArray());
        while (left.hasRemaining()) {
          out.write(left);
        }
        out.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel entry = FileChannel.open(folder, StandardOpenOption.READ)) {
        entry.force(true);
      }
    } catch (IOException e) {
      throw failed(file, "cannot be written: " + e, e);
    }
  }

  /**
   * The checkpoint in the file; empty when there is no file.
   *
   * @throws EnvironmentException IO_FAILED when the file cannot be read, or holds something else
   *     than a checkpoint of this broker: then it was damaged, and what it stood for is unknown
   */
  public static Optional<SignedCheckpoint> read(Path file, VerifyingKey broker) {
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try {
      if (Files.size(file) > SignedNote.SIZE_BYTES_MAX) {
        throw failed(file, "is too large for a checkpoint", null);
      }
      ByteString bytes = ByteString.copyFrom(Files.readAllBytes(file));
      return Optional.of(SignedCheckpoint.verify(bytes, broker));
    } catch (IOException e) {
      throw failed(file, "cannot be read: " + e, e);
    } catch (io.parley.wire.RefusedException e) {
      throw failed(file, "is damaged: " + e.getMessage(), e);
    }
  }

  private static ParleyException failed(
      Path file, String problem, @org.jspecify.annotations.Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "the checkpoint %s %s".formatted(file, problem),
        Map.of("file", file.toString()),
        cause);
  }
}
