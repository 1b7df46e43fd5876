package io.parley.rules;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where rows come from. Every table is there once. Immutable. */
sealed interface From {
  /** The numbers of the tables in it. */
  Stream<Integer> tables();

  /** A dataset, by its number in the plan. */
  record Table(int number) implements From {
    @Override
    public Stream<Integer> tables() {
      return Stream.of(number);
    }
  }

  /** Two columns that must be equal. */
  record Pair(Expr.Col left, Expr.Col right) {}

  /**
   * A join on equality.
   *
   * @param kind INNER, LEFT, RIGHT or FULL
   * @param pairs at least one
   */
  record Join(String kind, From left, From right, List<Pair> pairs, Optional<Expr> filter)
      implements From {
    public Join {
      pairs = List.copyOf(pairs);
    }

    @Override
    public Stream<Integer> tables() {
      return Stream.concat(left.tables(), right.tables());
    }
  }

  /** Only the rows for which this is true. */
  record Filtered(From from, Expr where) implements From {
    @Override
    public Stream<Integer> tables() {
      return from.tables();
    }
  }
}
