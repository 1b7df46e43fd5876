package io.parley.broker.evidence;

import io.parley.wire.Reason;
import java.util.function.Function;

/**
 * What came of checking evidence with its platform.
 *
 * @param <T> what is known once the platform has vouched for it
 */
public sealed interface Verification<T> {
  /** The platform vouches for this. Says nothing about whether we want it. */
  record Genuine<T>(T evidence) implements Verification<T> {}

  /**
   * Checked, and bad.
   *
   * @param advice what the asker can do
   */
  record Bad<T>(Reason reason, String claim, String advice, String expected, String seen)
      implements Verification<T> {}

  /** Could not be checked here: not the same as bad, and never as good. */
  record Unchecked<T>(Reason reason, String why) implements Verification<T> {}

  /**
   * The steps of one verification; the first that fails decides.
   *
   * @param <T> what they find out
   */
  @FunctionalInterface
  interface Steps<T> {
    T take() throws NotGenuineException, CannotCheckException;
  }

  /** The same with something made of what is known. */
  default <R> Verification<R> map(Function<? super T, ? extends R> make) {
    return then(known -> new Genuine<>(make.apply(known)));
  }

  /** Goes on with what is known, where it is genuine. */
  default <R> Verification<R> then(Function<? super T, Verification<R>> next) {
    return switch (this) {
      case Genuine<T>(T known) -> next.apply(known);
      case Bad<T>(Reason reason, String claim, String advice, String expected, String seen) ->
          new Bad<>(reason, claim, advice, expected, seen);
      case Unchecked<T>(Reason reason, String why) -> new Unchecked<>(reason, why);
    };
  }

  /** Takes the steps. */
  static <T> Verification<T> of(Steps<T> steps) {
    try {
      return new Genuine<>(steps.take());
    } catch (NotGenuineException e) {
      return new Bad<>(e.reason(), e.claim(), e.advice(), e.expected(), e.seen());
    } catch (CannotCheckException e) {
      return new Unchecked<>(e.reason(), e.why());
    }
  }
}
