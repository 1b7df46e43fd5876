package io.parley.identity;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Small files, some of them secret: created once with their mode, never overwritten. */
final class PrivateFiles {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));
  private static final int MAX_BYTES = 1 << 16;

  private PrivateFiles() {}

  /** Creates a file of mode 0600 and puts it on disk; never one that is there already. */
  static void createSecret(Path file, byte[] content) {
    create(file, content, OWNER_ONLY);
  }

  /** Creates a file that anybody may read. */
  static void createPublic(Path file, byte[] content) {
    create(file, content, PosixFilePermissions.fromString("rw-r--r--"));
  }

  /** Replaces a file that anybody may read; it is the old one or the new one at any moment. */
  static void replacePublic(Path file, byte[] content) {
    Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
    try {
      Files.deleteIfExists(fresh);
      createPublic(fresh, content);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot replace " + file, Map.of("file", file.toString()), e);
    }
  }

  private static void create(Path file, byte[] content, Set<PosixFilePermission> mode) {
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC),
            PosixFilePermissions.asFileAttribute(mode))) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        channel.write(left);
      }
    } catch (FileAlreadyExistsException e) {
      throw exists(file);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot create " + file, Map.of("file", file.toString()), e);
    }
  }

  static RefusedException exists(Path file) {
    return new RefusedException(
        Reason.ALREADY_EXISTS,
        "%s is there already and is not overwritten; move it away first".formatted(file),
        Map.of("file", file.toString()));
  }

  /**
   * Reads a secret file.
   *
   * @throws RefusedException INVALID_CONFIG when others than its owner may read or change it, or it
   *     is no plain file
   */
  static byte[] readSecret(Path file) {
    try {
      PosixFileAttributes attributes =
          Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      Set<PosixFilePermission> open = EnumSet.copyOf(OTHERS);
      open.retainAll(attributes.permissions());
      if (!attributes.isRegularFile() || !open.isEmpty()) {
        throw new RefusedException(
            Reason.INVALID_CONFIG,
            "private key %s must be a plain file that only its owner can read, and is %s; run: chmod 600 %s"
                .formatted(
                    file,
                    attributes.isRegularFile()
                        ? PosixFilePermissions.toString(attributes.permissions())
                        : "no plain file",
                    file),
            Map.of("file", file.toString()));
      }
      return read(file);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  static byte[] readPublic(Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static byte[] read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "%s has %d bytes; at most %d".formatted(file, Files.size(file), MAX_BYTES),
          Map.of("file", file.toString()));
    }
    return Files.readAllBytes(file);
  }

  private static EnvironmentException failed(Path file, IOException cause) {
    String what = cause instanceof NoSuchFileException ? "there is no file " : "cannot read ";
    return new EnvironmentException(
        Reason.IO_FAILED, what + file, Map.of("file", file.toString()), cause);
  }

  /** Makes a folder that only its owner can enter, by a rename once {@code fill} is through. */
  static void createFolder(Path folder, java.util.function.Consumer<Path> fill) {
    try {
      Path target = folder.toAbsolutePath();
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !isEmptyFolder(target)) {
        throw exists(folder);
      }
      Path parent = target.getParent();
      if (parent == null) {
        throw exists(folder);
      }
      Files.createDirectories(parent);
      Path fresh =
          Files.createTempDirectory(
              parent,
              "." + target.getFileName(),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try {
        fill.accept(fresh);
        Files.deleteIfExists(target);
        Files.move(fresh, target, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException | RuntimeException e) {
        deleteFlat(fresh);
        throw e;
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot create folder " + folder,
          Map.of("folder", folder.toString()),
          e);
    }
  }

  private static boolean isEmptyFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (java.util.stream.Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    }
  }

  private static void deleteFlat(Path folder) throws IOException {
    try (java.util.stream.Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.toList()) {
        Files.deleteIfExists(entry);
      }
    }
    Files.deleteIfExists(folder);
  }
}
