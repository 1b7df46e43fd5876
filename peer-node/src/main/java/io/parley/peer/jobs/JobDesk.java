package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.identity.Membership;
import io.parley.peer.relay.Admissions;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What every job at this node shares. Immutable.
 *
 * @param startWithin how long a job that was joined waits for its submitter to start it
 */
record JobDesk(
    Host host,
    JobFeed feed,
    Preparation preparation,
    Admissions admissions,
    Supplier<Membership> membership,
    InstantSource clock,
    JobRun.Pulse pulse,
    Duration startWithin,
    Consumer<JobRun> whenEnded) {

  /** A desk that lacks only who is told when a run ends. */
  interface Parts {
    JobDesk desk(Consumer<JobRun> whenEnded);
  }

  void ended(JobRun run) {
    whenEnded.accept(run);
  }

  /** What the receipt says about results, once it has been verified. */
  Map<String, Receipts.Output> verify(JobContext job, ByteString receipt) {
    return Receipts.verify(job, membership.get().broker().signingKey(), receipt);
  }

  /** That a file is what the enclave told the broker. */
  void requireAsInReceipt(SealedResult result, Receipts.@Nullable Output output) {
    if (output == null
        || output.sizeBytes() != result.sizeBytes()
        || !output.sha256().equals(result.sha256())) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "result '%s' is not the file that the receipt names: expected %s, came %s"
              .formatted(result.name(), output == null ? "none" : output.sha256(), result.sha256()),
          Map.of("result", result.name(), "seen", result.sha256().toString()));
    }
  }
}
