package io.parley.shim.answers;

import io.parley.seal.Secret;
import java.nio.ByteBuffer;

/**
 * Identities and what they contribute as elements of {@link Field}, by polynomials with secret
 * coefficients: two that differ become the same with a chance of one in 2^61, for whoever does not
 * know the key. The same under one data key, so what different jobs make can be compared.
 * Immutable.
 */
final class IdentityHash {
  private static final int COEFFICIENTS = 8;
  private static final long WORD = 0xffffffffL;

  private final long[] coefficients = new long[COEFFICIENTS];

  /**
   * @param key of {@link io.parley.seal.AnswerSeal#HASH_KEY_SIZE_BYTES}
   */
  IdentityHash(Secret key) {
    long[] read =
        key.use(bytes -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          long[] values = new long[COEFFICIENTS];
          for (int i = 0; i < COEFFICIENTS; i++) {
            values[i] = Field.of(buffer.getLong());
          }
          return values;
        });
    System.arraycopy(read, 0, coefficients, 0, COEFFICIENTS);
  }

  /** Of the 128 bits that stand for an identity. */
  long identity(long high, long low) {
    long sum = Field.add(coefficients[0], term(1, high >>> Integer.SIZE));
    sum = Field.add(sum, term(2, high & WORD));
    sum = Field.add(sum, term(3, low >>> Integer.SIZE));
    return Field.add(sum, term(4, low & WORD));
  }

  /** Of the 64 bits that stand for what an identity contributes to one measure of one group. */
  long contribution(long digest) {
    long sum = Field.add(coefficients[5], term(6, digest >>> Integer.SIZE));
    return Field.add(sum, term(7, digest & WORD));
  }

  private long term(int coefficient, long word) {
    return Field.multiply(coefficients[coefficient], word);
  }
}
