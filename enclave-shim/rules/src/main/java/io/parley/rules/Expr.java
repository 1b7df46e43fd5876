package io.parley.rules;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** An expression that is understood, with its type. Immutable; equal when the same is meant. */
sealed interface Expr {
  DataType type();

  /** The expressions that it is made of. */
  List<Expr> parts();

  /** This and everything inside. */
  default Stream<Expr> all() {
    return Stream.concat(Stream.of(this), parts().stream().flatMap(Expr::all));
  }

  /** A column of the table with this number in the plan. */
  record Col(int table, String column, DataType type) implements Expr {
    @Override
    public List<Expr> parts() {
      return List.of();
    }
  }

  /** A constant, by its text; null is the empty optional. */
  record Const(Optional<String> text, DataType type) implements Expr {
    @Override
    public List<Expr> parts() {
      return List.of();
    }
  }

  /**
   * A parameter of the agreement.
   *
   * @param casts what its text is made, one after the other: first a value of the type that the
   *     agreement gives it, if it gives one
   */
  record Param(String name, List<DataType> casts) implements Expr {
    public Param {
      casts = List.copyOf(casts);
    }

    @Override
    public DataType type() {
      return casts.getLast();
    }

    /** Whether it is a text that has no type yet, and takes that of what it meets. */
    boolean isOpen() {
      return casts.equals(List.of(DataType.TEXT));
    }

    Param as(DataType to) {
      if (isOpen()) {
        return new Param(name, List.of(to));
      }
      return type().equals(to)
          ? this
          : new Param(name, Stream.concat(casts.stream(), Stream.of(to)).toList());
    }

    /** With SQL for its text. */
    String sql(String text) {
      String sql = text;
      for (DataType cast : casts) {
        sql = "CAST(%s AS %s)".formatted(sql, cast.sql());
      }
      return sql;
    }

    @Override
    public List<Expr> parts() {
      return List.of();
    }
  }

  /**
   * A function or operator of the allow-list.
   *
   * @param form SQL with {@code %s} for each argument
   * @param total whether it has a value for all arguments, so that no row can make it fail
   */
  record Call(String form, List<Expr> parts, DataType type, boolean total) implements Expr {
    public Call {
      parts = List.copyOf(parts);
    }
  }

  /**
   * An aggregate of a column, or of rows.
   *
   * @param grant the function's name among grants
   * @param function the function in SQL
   */
  record Aggregate(String grant, String function, Optional<Col> column, DataType type)
      implements Expr {
    @Override
    public List<Expr> parts() {
      return List.of();
    }
  }
}
