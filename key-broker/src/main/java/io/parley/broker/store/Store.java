package io.parley.broker.store;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TransactionMode;
import org.sqlite.SQLiteDataSource;

/**
 * The broker's database, one SQLite file.
 *
 * <p>Guarantee: when {@link #write} returns, its whole work is on disk (write-ahead log, synced at
 * every commit); when it throws, none of it is. Writers run one after the other; readers see the
 * last commit and do not wait for them. Thread-safe. A wait for the database longer than ten
 * seconds is a {@link Reason#STORE_FAILED}, as is any failure of the disk.
 */
public final class Store implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Store.class);
  private static final Duration WAIT_MAX = Duration.ofSeconds(10);

  private final Handle writer;
  private final Handle reader;
  private final ReentrantLock writing = new ReentrantLock(true);
  private final ReentrantLock reading = new ReentrantLock(true);

  private Store(Handle writer, Handle reader) {
    this.writer = writer;
    this.reader = reader;
  }

  /**
   * Opens the file, creating or migrating its tables.
   *
   * @throws EnvironmentException STORE_FAILED when it cannot be read or is of a later version
   */
  public static Store open(Path file) {
    try {
      Jdbi jdbi = Jdbi.create(source(file));
      Flyway.configure(Store.class.getClassLoader())
          .dataSource(source(file))
          .locations("classpath:db/broker")
          .javaMigrations(new SigningKeysMigration())
          .loggers("slf4j")
          .load()
          .migrate();
      Handle writer = jdbi.open();
      return new Store(writer, jdbi.open());
    } catch (JdbiException | FlywayException e) {
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "cannot open the broker's database %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  /** Runs the work in one transaction and returns once it is on disk. */
  public <T> T write(Function<Handle, T> work) {
    return transaction(writing, writer, work);
  }

  /** Runs the work over one consistent state. */
  public <T> T read(Function<Handle, T> work) {
    return transaction(reading, reader, work);
  }

  @Override
  public void close() {
    reader.close();
    writer.close();
  }

  private static <T> T transaction(ReentrantLock lock, Handle handle, Function<Handle, T> work) {
    acquire(lock);
    try {
      return handle.inTransaction(work::apply);
    } catch (JdbiException e) {
      LOG.error("the broker's database failed", e);
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "the broker's database failed, nothing was changed; its log has the detail",
          Map.of(),
          e);
    } finally {
      lock.unlock();
    }
  }

  private static void acquire(ReentrantLock lock) {
    try {
      if (lock.tryLock(WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new EnvironmentException(
        Reason.STORE_FAILED, "the broker is overloaded, nothing was changed; try again later");
  }

  private static SQLiteDataSource source(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(JournalMode.WAL);
    config.setSynchronous(SynchronousMode.FULL);
    config.enforceForeignKeys(true);
    config.setBusyTimeout((int) WAIT_MAX.toMillis());
    config.setTransactionMode(TransactionMode.DEFERRED);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
    return source;
  }
}
