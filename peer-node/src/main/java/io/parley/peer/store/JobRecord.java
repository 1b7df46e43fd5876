package io.parley.peer.store;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as this node knows it. Immutable.
 *
 * @param submitterClient certificate name of the client; empty where another party's submitted
 * @param requestId chosen by that client; empty likewise
 * @param request digest of what was asked for under the request id
 * @param spec the exact bytes of the JobSpec
 * @param phase what the job is at, at whichever party matters most
 * @param phases when each phase of this party's own enclave began
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
    List<JobPhase> phases,
    ByteString status,
    String failedAt,
    ByteString receipt,
    String evidenceKind) {

  public JobRecord {
    parameters = Map.copyOf(parameters);
    phases = List.copyOf(phases);
  }

  /** The same job, further on. */
  public JobRecord at(JobState next, String newPhase, String newProgress) {
    return with(next, ended, newPhase, newProgress, phases, status, failedAt, receipt);
  }

  /** The same job, with what is known of its phases. */
  public JobRecord with(List<JobPhase> newPhases) {
    return with(state, ended, phase, progress, newPhases, status, failedAt, receipt);
  }

  /** The same job, ended. */
  public JobRecord ended(
      JobState next,
      Instant when,
      ByteString newStatus,
      String newFailedAt,
      ByteString newReceipt) {
    return with(next, when, phase, progress, phases, newStatus, newFailedAt, newReceipt);
  }

  private JobRecord with(
      JobState newState,
      @Nullable Instant newEnded,
      String newPhase,
      String newProgress,
      List<JobPhase> newPhases,
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
        newPhases,
        newStatus,
        newFailedAt,
        newReceipt,
        evidenceKind);
  }
}
