package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.store.JobState;
import java.time.Duration;
import java.util.List;

/** What two nodes say to each other about one job. */
public sealed interface PeerMessage {
  /** From the submitter's node, first: will you take part? */
  record Join(ByteString spec, Duration timeout) implements PeerMessage {}

  /** Every check passed here, and what is needed is at hand. */
  record Joined() implements PeerMessage {}

  /** All have joined and the broker has counted the job: launch. */
  record Start() implements PeerMessage {}

  /** Where the job is; also the sign of life, every few seconds. */
  record Progress(String party, String phase, String message) implements PeerMessage {}

  /**
   * The end. From a participant SUCCEEDED means that its part is done; from the submitter it is the
   * final word.
   */
  record End(
      JobState state,
      ByteString status,
      String failedAt,
      ByteString receipt,
      List<SealedResult> results)
      implements PeerMessage {
    public End {
      results = List.copyOf(results);
    }
  }
}
