package io.parley.broker.store;

import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jdbi.v3.core.statement.StatementBuilder;
import org.jdbi.v3.core.statement.StatementContext;
import org.sqlite.core.CoreStatement;

/**
 * Statements of one connection that stay prepared, by their text: SQLite takes longer to prepare
 * most of ours than to run them. One that is in use is not given out a second time. For the one
 * thread that has the connection.
 *
 * <p>What was bound stays bound until the next time, when Jdbi binds all of it anew: SQLite would
 * prepare most statements again after it was told to forget their values.
 */
final class KeptStatements implements StatementBuilder {
  /** All texts of the broker are constants and fewer than this. */
  static final int MOST = 256;

  private final Map<String, PreparedStatement> idle = new HashMap<>();

  /** What is given out, with its text: Jdbi closes it by another, the one before binding. */
  private final Map<Statement, String> inUse = new IdentityHashMap<>();

  @Override
  public Statement create(Connection connection, StatementContext context) throws SQLException {
    return connection.createStatement();
  }

  @Override
  public PreparedStatement create(Connection connection, String sql, StatementContext context)
      throws SQLException {
    PreparedStatement given = take(connection, sql);
    inUse.put(given, sql);
    return given;
  }

  @Override
  public CallableStatement createCall(Connection connection, String sql, StatementContext context)
      throws SQLException {
    return connection.prepareCall(sql);
  }

  @Override
  public void close(Connection connection, String unbound, Statement statement)
      throws SQLException {
    String sql = inUse.remove(statement);
    if (sql == null || !(statement instanceof PreparedStatement prepared)) {
      statement.close();
      return;
    }
    giveBack(sql, prepared);
  }

  /** One that nobody else has until it is given back. */
  PreparedStatement take(Connection connection, String sql) throws SQLException {
    PreparedStatement kept = idle.remove(sql);
    return kept != null ? kept : connection.prepareStatement(sql);
  }

  /** Keeps it for the next time. */
  void giveBack(String sql, PreparedStatement statement) throws SQLException {
    if (isOver(statement) || idle.size() >= MOST || idle.putIfAbsent(sql, statement) != null) {
      statement.close();
    }
  }

  /**
   * After some failures, such as of a full disk, the driver ends a statement and does not say so.
   */
  private static boolean isOver(PreparedStatement statement) throws SQLException {
    return statement.isClosed()
        || (statement instanceof CoreStatement core && core.pointer.isClosed());
  }

  @Override
  public void close(Connection connection) {
    // Closing the connection ends them all.
    idle.clear();
    inUse.clear();
  }
}
