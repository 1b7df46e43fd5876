package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import java.security.SecureRandom;
import java.util.Random;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.junit.jupiter.api.Test;

final class SigningKeyTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @Test
  void itsSignaturesAreThoseOfBouncyCastle() {
    Random lengths = new Random(1);
    for (int i = 0; i < 50; i++) {
      try (SigningKey key = SigningKey.generate(RANDOM)) {
        byte[] bytes = new byte[lengths.nextInt(3000)];
        lengths.nextBytes(bytes);
        ByteString message = ByteString.copyFrom(bytes);
        byte[] expected = new byte[Ed25519.SIGNATURE_SIZE];
        Ed25519.sign(key.copySeed(), 0, bytes, 0, bytes.length, expected, 0);
        assertThat(key.signExact(message).toByteArray()).isEqualTo(expected);
        assertThat(key.verifyingKey().verifyExact(message, ByteString.copyFrom(expected))).isTrue();
        assertThat(key.verifyingKey().verify("label", message, key.sign("label", message)))
            .isTrue();
        assertThat(key.verifyingKey().verify("other", message, key.sign("label", message)))
            .isFalse();
      }
    }
  }

  @Test
  void aClosedKeySignsNothing() {
    SigningKey key = SigningKey.generate(RANDOM);
    key.close();
    key.close();
    assertThatThrownBy(() -> key.signExact(ByteString.EMPTY)).isInstanceOf(BugException.class);
  }
}
