package io.parley.broker.policy.platform;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

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

  /**
   * The same of what each value comes to; where none comes to anything, nothing fulfils it.
   *
   * @param make what a value comes to, such as for one family of processors
   */
  default <R> Expected<R> flatMap(Function<T, Optional<R>> make) {
    return switch (this) {
      case OneOf<T>(List<T> values, String source) ->
          new OneOf<>(
              values.stream().flatMap(value -> make.apply(value).stream()).toList(), source);
      case Unchecked<T>(String because) -> new Unchecked<>(because);
    };
  }
}
