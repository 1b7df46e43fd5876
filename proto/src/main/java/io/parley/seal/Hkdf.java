package io.parley.seal;

import com.google.protobuf.ByteString;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;

/** HKDF-SHA256 (RFC 5869), extract and expand in one. Thread-safe. */
final class Hkdf {
  private Hkdf() {}

  /** {@code sizeBytes} of output keying material, at most 255 * 32. */
  static Secret derive(Secret key, ByteString salt, ByteString info, int sizeBytes) {
    byte[] output = new byte[sizeBytes];
    key.use(bytes -> {
      HKDFBytesGenerator hkdf = new HKDFBytesGenerator(new SHA256Digest());
      hkdf.init(new HKDFParameters(bytes, salt.toByteArray(), info.toByteArray()));
      return hkdf.generateBytes(output, 0, output.length);
    });
    return Secret.moveFrom(output);
  }
}
