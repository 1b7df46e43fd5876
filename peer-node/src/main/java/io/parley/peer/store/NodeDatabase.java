package io.parley.peer.store;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/**
 * The node's SQLite file: write-ahead log, {@code synchronous=FULL}, so what a call has returned
 * from survives a crash of the machine. Tables are brought up to date on opening.
 *
 * <p>Thread-safe: one connection, one user at a time; every use is one transaction.
 */
public final class NodeDatabase implements AutoCloseable {
  private static final int BUSY_TIMEOUT_MS = 10_000;

  private final Connection connection;
  private final Jdbi jdbi;

  private NodeDatabase(Connection connection) {
    this.connection = connection;
    this.jdbi = Jdbi.create(connection);
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws EnvironmentException STORE_FAILED when it cannot be opened or brought up to date
   */
  public static NodeDatabase open(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(JournalMode.WAL);
    config.setSynchronous(SynchronousMode.FULL);
    config.setTransactionMode(TransactionMode.IMMEDIATE);
    config.setBusyTimeout(BUSY_TIMEOUT_MS);
    config.enforceForeignKeys(true);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    try {
      Flyway.configure(NodeDatabase.class.getClassLoader())
          .dataSource(source)
          .locations("classpath:db/peer")
          .load()
          .migrate();
      return new NodeDatabase(source.getConnection());
    } catch (SQLException | RuntimeException e) {
      throw failed("cannot open " + file, e);
    }
  }

  /**
   * Runs {@code work} as one transaction: all of it is on disk when this returns, or nothing.
   *
   * @throws EnvironmentException STORE_FAILED when the database fails
   */
  public synchronized <T> T call(Function<Handle, T> work) {
    try {
      return jdbi.inTransaction(work::apply);
    } catch (JdbiException e) {
      throw failed("the node's database failed", e);
    }
  }

  /** As {@link #call}, without an answer. */
  public void run(Consumer<Handle> work) {
    Object unused =
        call(handle -> {
          work.accept(handle);
          return "";
        });
  }

  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failed("cannot close the node's database", e);
    }
  }

  private static EnvironmentException failed(String what, Exception cause) {
    return new EnvironmentException(
        Reason.STORE_FAILED, what + ": " + cause.getMessage(), Map.of(), cause);
  }
}
