package io.parley.peer.store;

/** Where a job is in its life; the names are those of the wire. */
public enum JobState {
  PENDING_APPROVAL,
  RUNNING,
  SUCCEEDED,
  FAILED,
  CANCELLED,
  EXPIRED;

  /** Nothing of it runs any more. */
  public boolean ended() {
    return switch (this) {
      case PENDING_APPROVAL, RUNNING -> false;
      case SUCCEEDED, FAILED, CANCELLED, EXPIRED -> true;
    };
  }

  /** Whether a job may go from this state to {@code next}. */
  public boolean mayBecome(JobState next) {
    return switch (this) {
      case PENDING_APPROVAL -> next == RUNNING || next == FAILED || next == CANCELLED;
      case RUNNING -> next == SUCCEEDED || next == FAILED || next == CANCELLED;
      case SUCCEEDED -> next == EXPIRED;
      case FAILED, CANCELLED, EXPIRED -> false;
    };
  }
}
