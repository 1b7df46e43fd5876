package io.parley.peer.cli;

import io.parley.wire.ParleyException;
import io.parley.wire.Reason;

/** What the process says to a script. These numbers never change their meaning. */
final class ExitCode {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int BAD_INPUT = 2;
  static final int REFUSED = 3;
  static final int UNAVAILABLE = 4;
  static final int CANCELLED = 5;
  static final int LIMIT = 6;

  private ExitCode() {}

  static int of(ParleyException failure) {
    return of(failure.reason());
  }

  static int of(Reason reason) {
    return switch (reason.code()) {
      case OK -> OK;
      case INVALID_ARGUMENT, NOT_FOUND, OUT_OF_RANGE ->
          // As a wrong signature: somebody may have tampered.
          reason == Reason.INVALID_PROOF || reason == Reason.INVALID_CHECKPOINT
              ? REFUSED
              : BAD_INPUT;
      case PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION, ALREADY_EXISTS, ABORTED ->
          reason == Reason.APP_FAILED || reason == Reason.OUTPUT_RULE
              ? FAILED
              : reason == Reason.SANDBOX_UNAVAILABLE ? UNAVAILABLE : REFUSED;
      case UNAVAILABLE -> UNAVAILABLE;
      case CANCELLED, DEADLINE_EXCEEDED -> CANCELLED;
      case RESOURCE_EXHAUSTED -> LIMIT;
      case UNKNOWN, UNIMPLEMENTED, INTERNAL, DATA_LOSS, UNRECOGNIZED -> FAILED;
    };
  }
}
