package io.parley.shim.release;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/** Counts records of a CSV file (RFC 4180), fed piece by piece. Not thread-safe. */
final class CsvRecords {
  private enum State {
    RECORD_START,
    FIELD_START,
    PLAIN,
    QUOTED,
    QUOTE_IN_QUOTED,
    AFTER_CR
  }

  private State state = State.RECORD_START;
  private long records;

  void take(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      state = step(bytes[i]);
    }
  }

  /** The number of records, once all was fed. */
  long end() {
    if (state == State.QUOTED) {
      throw new RefusedException(Reason.OUTPUT_RULE, "a quoted field does not end");
    }
    boolean open = state != State.RECORD_START && state != State.AFTER_CR;
    return open ? records + 1 : records;
  }

  private State step(byte b) {
    if (state == State.QUOTED) {
      return b == '"' ? State.QUOTE_IN_QUOTED : State.QUOTED;
    }
    if (state == State.AFTER_CR && b == '\n') {
      return State.RECORD_START;
    }
    return switch (b) {
      case '\r' -> {
        records++;
        yield State.AFTER_CR;
      }
      case '\n' -> {
        records++;
        yield State.RECORD_START;
      }
      case ',' -> State.FIELD_START;
      case '"' -> quote();
      default -> {
        if (state == State.QUOTE_IN_QUOTED) {
          throw new RefusedException(Reason.OUTPUT_RULE, "text follows a quoted field");
        }
        yield State.PLAIN;
      }
    };
  }

  private State quote() {
    if (state == State.PLAIN) {
      throw new RefusedException(Reason.OUTPUT_RULE, "a quote inside a field without quotes");
    }
    return State.QUOTED;
  }
}
