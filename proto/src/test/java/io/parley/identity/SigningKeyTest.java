package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import java.security.SecureRandom;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SigningKeyTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @Test
  void bothWaysToSignGiveTheOneSignatureThatThereIs() {
    Random lengths = new Random(1);
    for (int i = 0; i < 50; i++) {
      try (SigningKey key = SigningKey.generate(RANDOM);
          SigningKey fast = key.byConscrypt()) {
        byte[] bytes = new byte[lengths.nextInt(3000)];
        lengths.nextBytes(bytes);
        ByteString message = ByteString.copyFrom(bytes);
        ByteString signature = fast.sign("label", message);
        assertThat(signature).isEqualTo(key.sign("label", message));
        assertThat(fast.verifyingKey()).isEqualTo(key.verifyingKey());
        assertThat(key.verifyingKey().verify("label", message, signature)).isTrue();
      }
    }
  }

  @Test
  void aClosedKeySignsNothingWhileTheOtherStillDoes() {
    try (SigningKey key = SigningKey.generate(RANDOM)) {
      SigningKey fast = key.byConscrypt();
      fast.close();
      assertThatThrownBy(() -> fast.signExact(ByteString.EMPTY)).isInstanceOf(BugException.class);
      assertThat(key.signExact(ByteString.EMPTY).size()).isEqualTo(VerifyingKey.SIGNATURE_BYTES);
      key.close();
      assertThatThrownBy(key::byConscrypt).isInstanceOf(BugException.class);
    }
  }
}
