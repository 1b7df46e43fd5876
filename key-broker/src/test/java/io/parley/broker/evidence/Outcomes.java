package io.parley.broker.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.wire.Reason;

/** What a verification has to have come to. */
public final class Outcomes {
  private Outcomes() {}

  public static <T> T genuine(Verification<T> verification) {
    if (verification instanceof Verification.Genuine<T>(T evidence)) {
      return evidence;
    }
    throw new AssertionError("not genuine: " + verification);
  }

  public static void bad(Reason reason, Verification<?> verification) {
    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Bad.class, bad -> assertThat(bad.reason()).isEqualTo(reason));
  }

  public static void unchecked(Reason reason, Verification<?> verification) {
    assertThat(verification)
        .isInstanceOfSatisfying(
            Verification.Unchecked.class,
            unchecked -> assertThat(unchecked.reason()).isEqualTo(reason));
  }
}
