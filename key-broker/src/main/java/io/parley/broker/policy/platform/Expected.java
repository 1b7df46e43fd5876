package io.parley.broker.policy.platform;

import java.util.List;

/**
 * What a claim must be. It cannot be left out: who does not compare a claim says why, and that is
 * shown.
 */
public sealed interface Expected<T> {
  /**
   * One of these.
   *
   * @param source where they come from, for people
   */
  record OneOf<T>(List<T> values, String source) implements Expected<T> {
    public OneOf {
      values = List.copyOf(values);
    }
  }

  /** Not compared. */
  record Unchecked<T>(String because) implements Expected<T> {}
}
