package io.parley.seal;

import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import java.util.Map;

/** Hashes what passes; failures to read leave as {@link EnvironmentException}. */
final class DigestingChannel implements ReadableByteChannel {
  private final ReadableByteChannel source;
  private final MessageDigest sha256 = Digest.newSha256();

  DigestingChannel(ReadableByteChannel source) {
    this.source = source;
  }

  @Override
  public int read(ByteBuffer to) {
    int start = to.position();
    int count;
    try {
      count = source.read(to);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "a sealed result could not be read: " + e.getMessage(), Map.of(), e);
    }
    if (count > 0) {
      sha256.update(to.duplicate().flip().position(start));
    }
    return count;
  }

  /** Of all that passed; once. */
  Digest digest() {
    return Digest.ofValue(sha256.digest());
  }

  @Override
  public boolean isOpen() {
    return source.isOpen();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
