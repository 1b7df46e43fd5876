package io.parley.peer.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.rpc.Status;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobPhase;
import io.parley.proto.peer.v1.JobResult;
import io.parley.proto.peer.v1.JobState;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How a job is shown. */
final class JobViews {
  private static final String STATE_PREFIX = "JOB_STATE_";

  private JobViews() {}

  static Map<String, @Nullable Object> fields(Job job) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("job", job.getJobId());
    fields.put("agreement", job.getAgreementName());
    fields.put("agreement_digest", new Digest(job.getAgreementSha256()).toString());
    fields.put("submitter", submitter(job));
    fields.put("state", state(job));
    fields.put("phase", job.getPhase().isEmpty() ? null : job.getPhase());
    fields.put("progress", job.getProgress().isEmpty() ? null : job.getProgress());
    fields.put("created", time(job.hasCreated(), job.getCreated()));
    fields.put("ended", time(job.hasEnded(), job.getEnded()));
    if (job.getPhasesCount() > 0) {
      fields.put("phases", phases(job));
    }
    if (job.getParametersCount() > 0) {
      fields.put("parameters", parameters(job));
    }
    fields.put("results", job.getResultsList().stream().map(JobResult::getName).toList());
    if (job.getResultsCount() > 0) {
      JobResult first = job.getResults(0);
      fields.put("results_until", time(first.hasExpires(), first.getExpires()));
    }
    fields.put("evidence", evidence(job.getEvidenceKind()));
    ParleyException failure = failure(job);
    if (failure != null) {
      fields.put("failure", failure.reason().name());
      fields.put("failed_at", job.getFailedAt().isEmpty() ? null : job.getFailedAt());
      fields.put("message", failure.getMessage());
    }
    return fields;
  }

  static List<@Nullable Object> row(Job job) {
    ParleyException failure = failure(job);
    return Arrays.asList(
        job.getJobId(),
        job.getAgreementName(),
        submitter(job),
        state(job),
        time(job.hasCreated(), job.getCreated()),
        time(job.hasEnded(), job.getEnded()),
        job.getResultsList().stream().map(JobResult::getName).toList(),
        failure == null ? null : failure.reason().name());
  }

  static String state(Job job) {
    String name = job.getState().name();
    return name.startsWith(STATE_PREFIX) ? name.substring(STATE_PREFIX.length()) : name;
  }

  static boolean ended(Job job) {
    return switch (job.getState()) {
      case JOB_STATE_SUCCEEDED, JOB_STATE_FAILED, JOB_STATE_CANCELLED, JOB_STATE_EXPIRED -> true;
      case JOB_STATE_PENDING_APPROVAL, JOB_STATE_RUNNING, JOB_STATE_UNSPECIFIED, UNRECOGNIZED ->
          false;
    };
  }

  /** The cause in the job's status; null while there is none. */
  static @Nullable ParleyException failure(Job job) {
    if (job.getStatus().isEmpty()) {
      return null;
    }
    try {
      return Statuses.fromStatus(Status.parseFrom(job.getStatus()));
    } catch (InvalidProtocolBufferException e) {
      return new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN, "the job's status cannot be read", Map.of(), e);
    }
  }

  /** The exit code for how a job ended; says why on stderr when it did not succeed. */
  static int exitCode(Job job, Session session) {
    if (job.getState() == JobState.JOB_STATE_SUCCEEDED
        || job.getState() == JobState.JOB_STATE_EXPIRED) {
      return ExitCode.OK;
    }
    ParleyException failure = failure(job);
    String where = job.getFailedAt().isEmpty() ? "" : " (at " + job.getFailedAt() + ")";
    session
        .notices()
        .warn(
            failure == null
                ? "parley: " + state(job) + ": the job ended without a cause" + where
                : "parley: " + failure.reason() + ": " + failure.getMessage() + where);
    if (job.getState() == JobState.JOB_STATE_CANCELLED) {
      return ExitCode.CANCELLED;
    }
    return ExitCode.FAILED;
  }

  /** Never just "simulated": it must not be taken for hardware. */
  static @Nullable String evidence(String kind) {
    return kind.isEmpty() ? null : Stamps.kind(kind);
  }

  static @Nullable Instant time(boolean present, Timestamp time) {
    return present ? Instant.ofEpochSecond(time.getSeconds(), time.getNanos()) : null;
  }

  /** When each phase of the own enclave began, in milliseconds since the job was created. */
  private static Map<String, Long> phases(Job job) {
    Instant created = Objects.requireNonNull(time(true, job.getCreated()));
    Map<String, Long> phases = new LinkedHashMap<>();
    for (JobPhase phase : job.getPhasesList()) {
      Instant began = Objects.requireNonNull(time(true, phase.getBegan()));
      phases.put(phase.getPhase(), Duration.between(created, began).toMillis());
    }
    return phases;
  }

  private static Object parameters(Job job) {
    return new TreeMap<>(job.getParametersMap());
  }

  private static String submitter(Job job) {
    return job.getSubmitterClient().isEmpty()
        ? job.getSubmitterParty()
        : job.getSubmitterParty() + "/" + job.getSubmitterClient();
  }
}
