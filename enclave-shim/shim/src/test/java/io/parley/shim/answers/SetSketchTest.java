package io.parley.shim.answers;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.seal.AnswerSeal;
import io.parley.seal.Secret;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sketches tell differences that are small, exactly, and all of them. */
class SetSketchTest {
  private static final BigInteger PRIME = BigInteger.valueOf(Field.PRIME);

  private final SplittableRandom random = new SplittableRandom(20261129);
  private final IdentityHash hash =
      new IdentityHash(Secret.random(AnswerSeal.HASH_KEY_SIZE_BYTES, new SecureRandom()));

  @Test
  void theFieldIsThatOfThePrime() {
    for (int i = 0; i < 100_000; i++) {
      long a = i < 4 ? Field.PRIME - 1 - i : Field.of(random.nextLong());
      long b = i % 3 == 0 ? Field.PRIME - 1 : Field.of(random.nextLong());
      BigInteger x = BigInteger.valueOf(a);
      BigInteger y = BigInteger.valueOf(b);
      assertThat(Field.multiply(a, b)).isEqualTo(x.multiply(y).mod(PRIME).longValueExact());
      assertThat(Field.add(a, b)).isEqualTo(x.add(y).mod(PRIME).longValueExact());
      assertThat(Field.subtract(a, b)).isEqualTo(x.subtract(y).mod(PRIME).longValueExact());
    }
    assertThat(Field.of(-1)).isEqualTo(7);
  }

  /**
   * The chance of a miss is that of two identities with one hash, one in 2^61 for each two: none is
   * to be seen here, nor one that is called small and is not.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 5, 10, 25})
  void noSmallDifferenceIsMissedAndNoLargeOneTakenForSmall(int limit) {
    for (int round = 0; round < 25_000; round++) {
      int only = random.nextInt(0, 2 * limit);
      int others = random.nextInt(0, 2 * limit);
      int common = random.nextInt(0, 30);
      long seed = random.nextLong();
      SetSketch one = new SetSketch(limit, 1);
      SetSketch two = new SetSketch(limit, 1);
      for (int i = 0; i < common; i++) {
        add(one, seed + i, 1);
        add(two, seed + i, 1);
      }
      for (int i = 0; i < only; i++) {
        add(one, seed + 1_000 + i, 1);
      }
      for (int i = 0; i < others; i++) {
        add(two, seed + 2_000 + i, 1);
      }
      int expected = Math.min(limit, only + others);
      assertThat(one.difference(two)).as("%d and %d apart", only, others).isEqualTo(expected);
      assertThat(one.difference(two, 0, 0)).isEqualTo(expected);
    }
  }

  @Test
  void aDifferenceInWhatFewContributeIsCountedByIdentities() {
    for (int round = 0; round < 5_000; round++) {
      int limit = 10;
      int changed = random.nextInt(0, 20);
      long seed = random.nextLong();
      SetSketch one = new SetSketch(limit, 2);
      SetSketch two = new SetSketch(limit, 2);
      for (int i = 0; i < 40; i++) {
        long amount = random.nextLong();
        add(one, seed + i, 1, amount);
        add(two, seed + i, 1, i < changed ? amount + 1 : amount);
      }
      assertThat(one.difference(two)).isZero();
      assertThat(one.difference(two, 0, 0)).isZero();
      assertThat(one.difference(two, 1, 1)).isEqualTo(Math.min(limit, changed));
    }
  }

  @Test
  void largeSetsThatDifferByOneAreToldFromEqualOnes() {
    SetSketch all = new SetSketch(10, 1);
    SetSketch butOne = new SetSketch(10, 1);
    for (int i = 0; i < 200_000; i++) {
      add(all, i, 3);
      if (i != 77_777) {
        add(butOne, i, 3);
      }
    }
    assertThat(all.difference(butOne)).isEqualTo(1);
    add(butOne, 77_777, 3);
    assertThat(all.difference(butOne)).isZero();
    assertThat(all.equalTo(butOne)).isTrue();
  }

  private void add(SetSketch sketch, long person, long... contributions) {
    long[] powers = new long[sketch.sums()[0].length];
    SetSketch.powers(hash.identity(person * 0x9e3779b97f4a7c15L, person), powers);
    long[] weights = new long[contributions.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = hash.contribution(contributions[i]);
    }
    sketch.add(powers, weights);
  }
}
