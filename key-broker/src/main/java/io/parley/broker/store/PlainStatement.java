package io.parley.broker.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/**
 * A statement that runs on plain JDBC, prepared once for each connection. For what every grant
 * does: Jdbi takes longer around such a statement than SQLite takes for it. Everything else is
 * Jdbi's. Values stand in the order of the question marks. On a connection that keeps none it is
 * prepared each time. Runs within its caller's transaction; fails as Jdbi does. Thread-safe, as far
 * as no two threads share a handle.
 *
 * @param sql a constant, since every text stays prepared
 */
public record PlainStatement(String sql) {
  /** Reads one row, or all of them. */
  @FunctionalInterface
  public interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  /** Whatever the reader makes of the rows; it begins before the first. */
  public <T> T query(Handle handle, Reader<T> reader, @Nullable Object... values) {
    return run(
        handle,
        statement -> {
          try (ResultSet rows = statement.executeQuery()) {
            return reader.read(rows);
          }
        },
        values);
  }

  /** All rows, in order. */
  public <T> List<T> list(Handle handle, Reader<T> row, @Nullable Object... values) {
    return query(
        handle,
        rows -> {
          List<T> all = new ArrayList<>();
          while (rows.next()) {
            all.add(row.read(rows));
          }
          return all;
        },
        values);
  }

  /** The first row, when there is one. */
  public <T> Optional<T> first(Handle handle, Reader<T> row, @Nullable Object... values) {
    return query(
        handle, rows -> rows.next() ? Optional.of(row.read(rows)) : Optional.empty(), values);
  }

  /** For what answers with no rows. */
  public void execute(Handle handle, @Nullable Object... values) {
    var _ = run(handle, PreparedStatement::execute, values);
  }

  @FunctionalInterface
  private interface Run<T> {
    T run(PreparedStatement statement) throws SQLException;
  }

  private <T> T run(Handle handle, Run<T> run, @Nullable Object... values) {
    try {
      if (handle.getStatementBuilder() instanceof KeptStatements kept) {
        PreparedStatement statement = kept.take(handle.getConnection(), sql);
        try {
          bind(statement, values);
          return run.run(statement);
        } finally {
          kept.giveBack(sql, statement);
        }
      }
      // A migration's.
      try (PreparedStatement statement = handle.getConnection().prepareStatement(sql)) {
        bind(statement, values);
        return run.run(statement);
      }
    } catch (SQLException e) {
      throw new UnableToExecuteStatementException(
          "'%s' failed: %s".formatted(sql, e.getMessage()), e, null);
    }
  }

  private void bind(PreparedStatement statement, @Nullable Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      switch (values[i]) {
        case null -> statement.setNull(i + 1, Types.NULL);
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case String text -> statement.setString(i + 1, text);
        case Number number -> statement.setLong(i + 1, number.longValue());
        default ->
            throw new IllegalArgumentException("value " + (i + 1) + " is no column's: " + sql);
      }
    }
  }
}
