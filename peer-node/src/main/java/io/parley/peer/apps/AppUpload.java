package io.parley.peer.apps;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A packed app that comes in pieces, kept in a file until it is whole. For one thread. */
public final class AppUpload implements AutoCloseable {
  private final AppStore store;
  private final Path file;
  private final OutputStream out;
  private long bytes;

  AppUpload(AppStore store, Path file) throws IOException {
    this.store = store;
    this.file = file;
    this.out = Files.newOutputStream(file);
  }

  /**
   * Appends a piece.
   *
   * @throws RefusedException SIZE_LIMIT
   */
  public void write(ByteString piece) {
    bytes += piece.size();
    if (bytes > AppLimits.MAX_PACKED_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "a packed app has more than %d bytes".formatted(AppLimits.MAX_PACKED_BYTES),
          Map.of("limit_bytes", Long.toString(AppLimits.MAX_PACKED_BYTES)));
    }
    try {
      piece.writeTo(out);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** All pieces are there: see {@link AppStore#add(InputStream, Digest)}. */
  public StoredApp finish(@Nullable Digest expected) {
    try {
      out.close();
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
        return store.add(in, expected);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Leaves nothing behind. */
  @Override
  public void close() {
    try (out) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private EnvironmentException failed(IOException cause) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "an app on its way in can't be kept in %s: %s".formatted(file, cause),
        Map.of("path", file.toString()),
        cause);
  }
}
