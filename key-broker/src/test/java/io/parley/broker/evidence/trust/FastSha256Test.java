package io.parley.broker.evidence.trust;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FastSha256Test {
  @Test
  void isTheSameDigestForEveryLengthAndHoweverTheBytesLie() {
    Random random = new Random(1);
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      ByteString whole = ByteString.copyFrom(bytes);
      ByteString pieces = whole.substring(0, length / 2).concat(whole.substring(length / 2));
      assertThat(FastSha256.of(whole)).isEqualTo(Digest.of(bytes));
      assertThat(FastSha256.of(pieces)).isEqualTo(Digest.of(bytes));
    }
  }
}
