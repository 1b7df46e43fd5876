package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;

/**
 * What an outcome proves with: digests that only somebody who knows the draw can make, and that say
 * nothing to anybody else.
 */
public final class GateDigests {
  private static final ByteString DRAW = label("parley/v1/gate-draw");
  private static final ByteString EXPECTATION = label("parley/v1/gate-expectation");
  private static final ByteString RESULT = label("parley/v1/gate-result");

  private GateDigests() {}

  /** Stands for the draw where others can see it. */
  public static Digest draw(ByteString draw) {
    return Digest.of(DRAW.concat(draw));
  }

  /** Of what the set says must come out. */
  public static Digest expectation(ByteString draw, VerificationSet set) {
    return Digest.of(EXPECTATION.concat(draw).concat(set.encodedExpectation()));
  }

  /**
   * Of what came out.
   *
   * @param files SHA-256 of each result's file in the agreement's order
   */
  public static Digest result(ByteString draw, Iterable<Digest> files) {
    ByteString bytes = RESULT.concat(draw);
    for (Digest file : files) {
      bytes = bytes.concat(file.value());
    }
    return Digest.of(bytes);
  }

  private static ByteString label(String text) {
    return ByteString.copyFromUtf8(text + "\0");
  }
}
