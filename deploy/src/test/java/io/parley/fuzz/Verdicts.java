package io.parley.fuzz;

import io.parley.broker.evidence.Verification;
import java.util.Collection;

/** What may be called genuine: what a vendor signed, and nothing else. */
final class Verdicts {
  private Verdicts() {}

  /**
   * Whether it is genuine.
   *
   * @param signed all that the made-up vendor has signed, as what is known of it
   * @throws AssertionError when something else passes for genuine
   */
  static <T> boolean isGenuine(Verification<T> verification, Collection<T> signed) {
    return switch (verification) {
      case Verification.Genuine<T>(T evidence) -> {
        if (!signed.contains(evidence)) {
          throw new AssertionError("nobody signed this: " + evidence);
        }
        yield true;
      }
      case Verification.Bad<T> bad -> false;
      case Verification.Unchecked<T> unchecked -> false;
    };
  }

  /** What a verification of good evidence found out. */
  static <T> T genuine(Verification<T> verification) {
    if (verification instanceof Verification.Genuine<T>(T evidence)) {
      return evidence;
    }
    throw new AssertionError("not genuine: " + verification);
  }
}
