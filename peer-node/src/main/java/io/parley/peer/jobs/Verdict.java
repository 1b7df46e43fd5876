package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.store.JobState;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.util.Map;

/**
 * Why a job ends without success. One cause has many consequences: an enclave that dies takes its
 * channels along, and the enclaves at their other ends report broken streams, sometimes first. So a
 * verdict has a weight, and a heavier one that comes soon after replaces a lighter one.
 *
 * @param party where it went wrong
 * @param status google.rpc.Status bytes
 * @param weight heavier is closer to the cause
 */
record Verdict(JobState state, String party, ByteString status, int weight) {
  /** Somebody wanted it, or it says itself what was wrong: no consequence of anything else. */
  static final int CAUSE = 2;

  private static final int LOSS = 1;
  private static final int CONSEQUENCE = 0;

  /** A failure at this party. */
  static Verdict failure(String party, ParleyException why) {
    return new Verdict(
        JobState.FAILED, party, Statuses.toStatus(why).toByteString(), weight(why.reason()));
  }

  /** A node that is gone: heavier than the broken streams which that leaves. */
  static Verdict gone(String party, ParleyException why) {
    return new Verdict(JobState.FAILED, party, Statuses.toStatus(why).toByteString(), LOSS);
  }

  /** Somebody asked to stop. */
  static Verdict cancelled(String party, String who, String reason) {
    RefusedException why =
        new RefusedException(
            Reason.CANCELLED,
            "cancelled by %s%s".formatted(who, reason.isBlank() ? "" : ": " + reason),
            Map.of("by", who));
    return new Verdict(JobState.CANCELLED, party, Statuses.toStatus(why).toByteString(), CAUSE);
  }

  /** What another node reports. */
  static Verdict reported(String party, PeerMessage.End end) {
    ParleyException why = ShimCodec.failure(end.status());
    return end.state() == JobState.CANCELLED
        ? new Verdict(JobState.CANCELLED, party, end.status(), CAUSE)
        : failure(party, why);
  }

  private static int weight(Reason reason) {
    return switch (reason) {
      case PEER_UNAVAILABLE, LINK_CLOSED -> CONSEQUENCE;
      case ENCLAVE_CRASHED, ENCLAVE_UNAVAILABLE -> LOSS;
      default -> CAUSE;
    };
  }
}
