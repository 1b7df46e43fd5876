package io.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class DigestTest {
  @Test
  void isTheJdksForEveryLengthAndHoweverTheBytesLie() throws Exception {
    Random random = new Random(1);
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      Digest expected = Digest.ofValue(MessageDigest.getInstance("SHA-256").digest(bytes));
      ByteString whole = ByteString.copyFrom(bytes);
      ByteString pieces = whole.substring(0, length / 2).concat(whole.substring(length / 2));
      assertThat(Digest.of(bytes)).isEqualTo(expected);
      assertThat(Digest.of(whole)).isEqualTo(expected);
      assertThat(Digest.of(pieces)).isEqualTo(expected);
    }
  }
}
