package io.parley.peer.store;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as this node knows it. Immutable.
 *
 * @param submitterClient certificate name of the client; empty where another party's submitted
 * @param requestId chosen by that client; empty likewise
 * @param request digest of what was asked for under the request id
 * @param spec the exact bytes of the JobSpec
 * @param status google.rpc.Status bytes; empty unless FAILED or CANCELLED
 * @param failedAt the party where it went wrong; empty likewise
 * @param receipt bytes of the receipt's DSSE envelope; empty until SUCCEEDED
 */
public record JobRecord(
    String jobId,
    Digest agreement,
    String agreementName,
    String submitterParty,
    String submitterClient,
    String requestId,
    Digest request,
    JobState state,
    ByteString spec,
    Map<String, String> parameters,
    Instant created,
    @Nullable Instant ended,
    String phase,
    String progress,
    ByteString status,
    String failedAt,
    ByteString receipt,
    String evidenceKind) {

  public JobRecord {
    parameters = Map.copyOf(parameters);
  }

  /** The same job, further on. */
  public JobRecord at(JobState next, String newPhase, String newProgress) {
    return with(next, ended, newPhase, newProgress, status, failedAt, receipt);
  }

  /** The same job, ended. */
  public JobRecord ended(
      JobState next,
      Instant when,
      ByteString newStatus,
      String newFailedAt,
      ByteString newReceipt) {
    return with(next, when, phase, progress, newStatus, newFailedAt, newReceipt);
  }

  private JobRecord with(
      JobState newState,
      @Nullable Instant newEnded,
      String newPhase,
      String newProgress,
      ByteString newStatus,
      String newFailedAt,
      ByteString newReceipt) {
    return new JobRecord(
        jobId,
        agreement,
        agreementName,
        submitterParty,
        submitterClient,
        requestId,
        request,
        newState,
        spec,
        parameters,
        created,
        newEnded,
        newPhase,
        newProgress,
        newStatus,
        newFailedAt,
        newReceipt,
        evidenceKind);
  }
}
