package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/** Fixed values that the tests of this package share. */
final class SealFixtures {
  static final Digest AGREEMENT = Digest.of(new byte[] {1});
  static final Digest JOB = Digest.of(new byte[] {2});
  static final Digest EVIDENCE = Digest.of(new byte[] {3});
  static final String JOB_ID = "00112233445566778899aabbccddeeff";
  static final SecureRandom RANDOM = new SecureRandom();

  private SealFixtures() {}

  static Secret key(int value) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) value);
    return Secret.moveFrom(bytes);
  }

  static byte[] bytesOf(Secret secret) {
    return secret.use(byte[]::clone);
  }

  static ByteString hex(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  static ByteString flip(ByteString bytes, int index) {
    byte[] copy = bytes.toByteArray();
    copy[index] ^= 1;
    return ByteString.copyFrom(copy);
  }

  /** Randomness that anybody can foresee: every byte is the one given. */
  static SecureRandom fixedRandom(int value) {
    return new SecureRandom() {
      private static final long serialVersionUID = 1L;

      @Override
      public void nextBytes(byte[] bytes) {
        Arrays.fill(bytes, (byte) value);
      }
    };
  }
}
