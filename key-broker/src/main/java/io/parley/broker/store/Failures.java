package io.parley.broker.store;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * What is said when the database fails. A disk that is full or cannot be written fails every call:
 * the log has one line when that begins, one when it becomes another failure, and one when it is
 * over. Any other failure is logged each time, with where it came from. Thread-safe.
 */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private static final int PRIMARY_CODE = 0xff;

  private final Path file;
  private @Nullable SQLiteErrorCode disk;
  private long refused;

  /**
   * @param file the database
   */
  Failures(Path file) {
    this.file = file;
  }

  /** What whoever asked is told; the work of nobody was kept. */
  EnvironmentException of(Throwable cause) {
    SQLiteErrorCode code = diskCode(cause);
    if (code == null) {
      LOG.error("the broker's database failed", cause);
      return failed(
          "the broker's database failed, nothing was changed; its log has the detail", cause);
    }
    String what = isFull(code) ? "is full" : "cannot be written or read";
    begins(code, what, cause);
    return failed(
        "the broker's disk %s, nothing was changed; try again once its operator has seen to it"
            .formatted(what),
        cause);
  }

  /** Something was committed. */
  synchronized void written() {
    if (disk != null) {
      LOG.info(
          "{} can be written again; {} calls were refused meanwhile, and the log goes on where it was",
          file,
          refused);
      disk = null;
      refused = 0;
    }
  }

  private synchronized void begins(SQLiteErrorCode code, String what, Throwable cause) {
    refused++;
    if (code == disk) {
      return;
    }
    disk = code;
    LOG.error(
        "the disk of {} {} ({}): calls are refused with {} and nothing is released until it can be"
            + " written; this goes on by itself then",
        file,
        what,
        code.name(),
        Reason.STORE_FAILED);
    LOG.debug("the first call that failed", cause);
  }

  private static EnvironmentException failed(String message, Throwable cause) {
    return new EnvironmentException(Reason.STORE_FAILED, message, Map.of(), cause);
  }

  private static boolean isFull(SQLiteErrorCode code) {
    return primary(code) == SQLiteErrorCode.SQLITE_FULL.code;
  }

  /** What SQLite says of its files; null when it is not about them. */
  private static @Nullable SQLiteErrorCode diskCode(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLiteException sqlite) {
        SQLiteErrorCode code = sqlite.getResultCode();
        int primary = primary(code);
        boolean ofFiles =
            primary == SQLiteErrorCode.SQLITE_FULL.code
                || primary == SQLiteErrorCode.SQLITE_IOERR.code
                || primary == SQLiteErrorCode.SQLITE_READONLY.code
                || primary == SQLiteErrorCode.SQLITE_CANTOPEN.code;
        return ofFiles ? code : null;
      }
    }
    return null;
  }

  /** Without the detail that its upper bits are. */
  private static int primary(SQLiteErrorCode code) {
    return code.code & PRIMARY_CODE;
  }
}
