package io.parley.shim.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DecimalsTest {
  private static final ByteBuffer ALL_VALID = ByteBuffer.allocate(0);

  @Test
  void theBoundsOfEveryPrecisionAreExact() {
    for (int precision = 1; precision <= 38; precision++) {
      BigInteger bound = BigInteger.TEN.pow(precision);
      assertThat(fits(bound.subtract(BigInteger.ONE), precision)).isTrue();
      assertThat(fits(bound.subtract(BigInteger.ONE).negate(), precision)).isTrue();
      assertThat(fits(bound, precision)).isFalse();
      assertThat(fits(bound.negate(), precision)).isFalse();
    }
  }

  @Test
  void theExtremesOf128BitsFitNowhere() {
    assertThat(fits(BigInteger.ONE.shiftLeft(127).negate(), 38)).isFalse();
    assertThat(fits(BigInteger.ONE.shiftLeft(127).subtract(BigInteger.ONE), 38)).isFalse();
    assertThat(fits(BigInteger.ONE.shiftLeft(64).negate(), 19)).isFalse();
    assertThat(fits(BigInteger.ONE.shiftLeft(64).negate(), 20)).isTrue();
  }

  @Test
  void agreesWithBigInteger() {
    Random random = new Random(28);
    for (int round = 0; round < 100_000; round++) {
      BigInteger value = new BigInteger(random.nextInt(127) + 1, random);
      BigInteger signed = random.nextBoolean() ? value : value.negate();
      int precision = 1 + random.nextInt(38);
      assertThat(fits(signed, precision))
          .isEqualTo(signed.abs().compareTo(BigInteger.TEN.pow(precision)) < 0);
    }
  }

  @Test
  void whatIsUnderANullDoesNotMatter() {
    ByteBuffer values = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    put(values, 0, BigInteger.TEN);
    put(values, 1, BigInteger.TEN.pow(30));

    assertThat(Decimals.fit(values, ByteBuffer.wrap(new byte[] {1}), 2, 5)).isTrue();
    assertThat(Decimals.fit(values, ByteBuffer.wrap(new byte[] {3}), 2, 5)).isFalse();
  }

  private static boolean fits(BigInteger value, int precision) {
    ByteBuffer values = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    put(values, 0, value);
    return Decimals.fit(values, ALL_VALID, 1, precision);
  }

  private static void put(ByteBuffer values, int row, BigInteger value) {
    values.putLong(row * 16, value.longValue());
    values.putLong(row * 16 + 8, value.shiftRight(64).longValue());
  }
}
