package io.parley.broker.log;

import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeEdge;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a broker that runs: checked as a whole at start, followed by its files, ended in
 * order.
 */
public final class LogKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogKeeper.class);

  private final LogFolder files;

  private LogKeeper(LogFolder files) {
    this.files = files;
  }

  /**
   * Checks the log and goes on from there.
   *
   * @param log which appends nothing before
   * @param folder for the log's files
   * @throws io.parley.wire.EnvironmentException STORE_FAILED or IO_FAILED when the log or a
   *     checkpoint's file is damaged
   * @throws io.parley.wire.RefusedException LOG_FORKED when the log is not the one that this broker
   *     signed checkpoints for, or a shorter one
   */
  public static LogKeeper open(AuditLog log, Store store, Path folder, FaultPoints faults) {
    TreeEdge edge = check(log, store, folder);
    SignedCheckpoint checkpoint = log.resume(store, edge);
    LogFolder files = LogFolder.open(folder, store, checkpoint, faults);
    log.publishTo(files::follow);
    LOG.info("log of decisions: {} entries, whole", edge.size());
    return new LogKeeper(files);
  }

  private static TreeEdge check(AuditLog log, Store store, Path folder) {
    LogCheck check =
        new LogCheck(log.brokerKey(), log.seal(), LogFolder.known(folder, log.brokerKey()));
    StateCheck state = new StateCheck();
    try {
      TreeEdge edge = check.run(store, state::note);
      state.compare(store);
      return edge;
    } catch (EnvironmentException e) {
      throw e;
    } catch (RefusedException e) {
      throw e.reason() == Reason.LOG_FORKED ? e : damaged(e);
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  /** What is read at start was checked when it was written: a value that is none was damaged. */
  private static EnvironmentException damaged(RuntimeException cause) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the broker's database is damaged: %s. It is not served; put back broker.db from a backup"
            .formatted(cause.getMessage()),
        Map.of(),
        cause);
  }

  /** Keeps a checkpoint that the log does not contain; the broker will not start with it. */
  void keepConflict(SignedCheckpoint checkpoint) {
    files.keepConflict(checkpoint);
  }

  @Override
  public void close() {
    files.close();
  }
}
