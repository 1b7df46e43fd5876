package io.parley.broker.keys;

import io.parley.seal.Secret;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file with a secret that only the broker's user may read.
 *
 * @param what it holds, for messages
 */
record PrivateFile(Path path, String what) {

  /**
   * Its bytes.
   *
   * @throws EnvironmentException IO_FAILED when it is missing, no plain file, empty, larger than
   *     this, of another owner than this process, or open to group or others
   */
  Secret read(int sizeBytesMax) {
    try {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw failed("is missing or no plain file; put it back from its backup", null);
      }
      requirePrivate();
      long size = Files.size(path);
      if (size == 0 || size > sizeBytesMax) {
        throw failed("is %d bytes long; expected 1 to %d".formatted(size, sizeBytesMax), null);
      }
      return Secret.moveFrom(Files.readAllBytes(path));
    } catch (IOException e) {
      throw failed("cannot be read: " + e.getMessage(), e);
    }
  }

  EnvironmentException failed(String problem, @Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "the broker's %s %s %s".formatted(what, path, problem),
        Map.of("file", path.toString()),
        cause);
  }

  private void requirePrivate() throws IOException {
    Set<PosixFilePermission> open =
        EnumSet.copyOf(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    open.remove(PosixFilePermission.OWNER_READ);
    open.remove(PosixFilePermission.OWNER_WRITE);
    if (!open.isEmpty()) {
      throw failed("is open to others (%s); chmod 600 it".formatted(open), null);
    }
    Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!owner.equals(self)) {
      throw failed("belongs to user %s; the broker runs as %s".formatted(owner, self), null);
    }
  }
}
