package io.parley.broker.store;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Handles;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/**
 * The broker's database, one SQLite file.
 *
 * <p>Guarantee: when {@link #write} returns, its whole work is on disk (write-ahead log, synced at
 * every commit); when it throws, none of it is. Writers wait in one bounded queue and share
 * transactions; readers see the last commit and do not wait for them. Thread-safe. A wait for the
 * database longer than ten seconds is a {@link Reason#STORE_FAILED}, as is any failure of the disk.
 */
public final class Store implements AutoCloseable {
  private static final Duration WAIT_MAX = Duration.ofSeconds(10);
  private static final int READERS = 4;
  private static final PlainStatement BEGIN = new PlainStatement("BEGIN");
  private static final PlainStatement END = new PlainStatement("COMMIT");
  private static final PlainStatement ROLLBACK = new PlainStatement("ROLLBACK");

  /** Of each connection. Jobs have random names, so what they touch lies everywhere in the file. */
  private static final int CACHE_KIB = 16 << 10;

  /** What the write-ahead log holds before its pages go into the file: 32 MiB. */
  private static final int CHECKPOINT_PAGES = 8192;

  private final Handle writer;
  private final GroupCommit commits;
  private final Failures failures;
  private final BlockingQueue<Handle> readers;

  private Store(
      Handle writer, GroupCommit commits, Failures failures, BlockingQueue<Handle> readers) {
    this.writer = writer;
    this.commits = commits;
    this.failures = failures;
    this.readers = readers;
  }

  /**
   * Opens the file, creating or migrating its tables.
   *
   * @param hook has a part in every commit
   * @param faults tells tests how far a write has come
   * @param migrations of other rooms
   * @throws EnvironmentException STORE_FAILED when it cannot be read, is damaged, or is of a later
   *     version
   */
  public static Store open(
      Path file, CommitHook hook, FaultPoints faults, JavaMigration... migrations) {
    List<Handle> open = new ArrayList<>();
    try {
      Jdbi jdbi = Jdbi.create(source(file));
      jdbi.setStatementBuilderFactory(connection -> new KeptStatements());
      migrate(file, migrations);
      // The writer's transactions are begun and ended by GroupCommit, the readers' by read.
      jdbi.getConfig(Handles.class).setForceEndTransactions(false);
      Handle writer = jdbi.open();
      open.add(writer);
      leaveTransactionsToUs(writer.getConnection());
      requireWhole(writer, file);
      BlockingQueue<Handle> readers = new ArrayBlockingQueue<>(READERS, true);
      for (int i = 0; i < READERS; i++) {
        Handle reader = jdbi.open();
        open.add(reader);
        leaveTransactionsToUs(reader.getConnection());
        readers.add(reader);
      }
      Failures failures = new Failures(file);
      GroupCommit commits = new GroupCommit(writer, hook, faults, failures, GroupCommit.WAIT_MAX);
      return new Store(writer, commits, failures, readers);
    } catch (JdbiException | SQLException | FlywayException e) {
      open.forEach(Handle::close);
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof EnvironmentException known) {
          // What a migration found out says more than that it failed.
          throw known;
        }
      }
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "cannot open the broker's database %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    } catch (RuntimeException e) {
      open.forEach(Handle::close);
      throw e;
    }
  }

  /**
   * Told that it is not to commit after each statement, the driver begins a transaction, and then
   * leaves them to us. With it left on, it would try to begin one after each statement.
   */
  private static void leaveTransactionsToUs(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("COMMIT");
    }
  }

  /** Runs the work in one transaction and returns once it is on disk. */
  public <T> T write(Function<Handle, T> work) {
    return commits.write(work);
  }

  /** Runs the work over one consistent state. */
  public <T> T read(Function<Handle, T> work) {
    return readOne(reader -> inTransaction(reader, work));
  }

  /** Runs work of one statement, whose state is consistent without a transaction around it. */
  public <T> T readOne(Function<Handle, T> work) {
    Handle reader = reader();
    try {
      return work.apply(reader);
    } catch (JdbiException e) {
      throw failures.of(e);
    } finally {
      readers.add(reader);
    }
  }

  private static <T> T inTransaction(Handle reader, Function<Handle, T> work) {
    BEGIN.execute(reader);
    T answer;
    try {
      answer = work.apply(reader);
    } catch (RuntimeException | Error e) {
      rollBack(reader, e);
      throw e;
    }
    END.execute(reader);
    return answer;
  }

  private static void rollBack(Handle reader, Throwable failure) {
    try {
      ROLLBACK.execute(reader);
    } catch (JdbiException e) {
      // After some failures of the disk SQLite has done it by itself.
      failure.addSuppressed(e);
    }
  }

  /**
   * Rewrites the file without what was deleted from it, and empties the write-ahead log: nothing of
   * a deleted row is in either when this returns. Nothing is read meanwhile. What the disk itself
   * keeps of overwritten blocks is out of reach.
   */
  public void purge() {
    List<Handle> all = new ArrayList<>();
    try {
      // Whoever reads keeps the log from being emptied; whoever writes is waited for by SQLite.
      for (int i = 0; i < READERS; i++) {
        all.add(reader());
      }
      Handle handle = all.getFirst();
      handle.execute("VACUUM");
      boolean busy =
          handle
              .createQuery("PRAGMA wal_checkpoint(TRUNCATE)")
              .map((row, context) -> row.getInt("busy") != 0)
              .one();
      if (busy) {
        throw new EnvironmentException(
            Reason.STORE_FAILED,
            "the broker's database is used by somebody else, its old pages are still there; try again");
      }
    } catch (JdbiException e) {
      throw failures.of(e);
    } finally {
      readers.addAll(all);
    }
  }

  @Override
  public void close() {
    commits.close();
    for (Handle reader = readers.poll(); reader != null; reader = readers.poll()) {
      reader.close();
    }
    writer.close();
  }

  private Handle reader() {
    try {
      Handle reader = readers.poll(WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS);
      if (reader != null) {
        return reader;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new EnvironmentException(
        Reason.STORE_FAILED, "the broker is overloaded or stops; try again later");
  }

  private static void migrate(Path file, JavaMigration... migrations) {
    JavaMigration[] all = Arrays.copyOf(migrations, migrations.length + 1);
    all[migrations.length] = new SigningKeysMigration();
    try {
      Flyway.configure(Store.class.getClassLoader())
          .dataSource(source(file))
          .locations("classpath:db/broker")
          .javaMigrations(all)
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (NullPointerException | IllegalArgumentException | IndexOutOfBoundsException e) {
      // Flyway takes it for granted that its own table says what it wrote.
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "the broker's database %s is damaged: its record of migrations is not as it was written. It is not served; put back broker.db from a backup"
              .formatted(file),
          Map.of("file", file.toString()),
          e);
    }
  }

  private static void requireWhole(Handle handle, Path file) {
    List<String> problems =
        handle.createQuery("PRAGMA integrity_check(5)").mapTo(String.class).list();
    if (!problems.equals(List.of("ok"))) {
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "the broker's database %s is damaged: %s. It is not served; put back broker.db from a backup"
              .formatted(file, String.join("; ", problems)),
          Map.of("file", file.toString()));
    }
  }

  private static SQLiteDataSource source(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(JournalMode.WAL);
    config.setSynchronous(SynchronousMode.FULL);
    config.enforceForeignKeys(true);
    // Wrapped keys that are deleted are overwritten.
    config.setPragma(SQLiteConfig.Pragma.SECURE_DELETE, "true");
    config.setBusyTimeout((int) WAIT_MAX.toMillis());
    config.setTransactionMode(TransactionMode.DEFERRED);
    config.setCacheSize(-CACHE_KIB);
    config.setPragma(SQLiteConfig.Pragma.WAL_AUTOCHECKPOINT, Integer.toString(CHECKPOINT_PAGES));
    // Nobody asks for the number of a row that was inserted; the driver would, after each.
    config.setGetGeneratedKeys(false);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
    return source;
  }
}
