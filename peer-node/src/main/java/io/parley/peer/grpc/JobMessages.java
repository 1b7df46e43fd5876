package io.parley.peer.grpc;

import io.parley.agreement.DsseEnvelope;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobState;
import io.parley.peer.store.ResultRecord;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobPhase;
import io.parley.proto.peer.v1.JobResult;
import java.util.List;

/** Jobs as clients see them. Stateless. */
final class JobMessages {
  private JobMessages() {}

  static Job job(JobRecord record, List<ResultRecord> results) {
    Job.Builder job =
        Job.newBuilder()
            .setJobId(record.jobId())
            .setAgreementSha256(record.agreement().value())
            .setAgreementName(record.agreementName())
            .setSubmitterParty(record.submitterParty())
            .setSubmitterClient(record.submitterClient())
            .setState(state(record.state()))
            .putAllParameters(record.parameters())
            .setCreated(Calls.timestamp(record.created()))
            .setPhase(record.phase())
            .setProgress(record.progress())
            .addAllPhases(record.phases().stream().map(JobMessages::phase).toList())
            .setStatus(record.status())
            .setFailedAt(record.failedAt())
            .setEvidenceKind(record.evidenceKind());
    if (record.ended() != null) {
      job.setEnded(Calls.timestamp(record.ended()));
    }
    if (!record.receipt().isEmpty()) {
      job.setReceipt(DsseEnvelope.decode(record.receipt()).toProto());
    }
    if (record.state() == JobState.SUCCEEDED || record.state() == JobState.EXPIRED) {
      results.forEach(result -> job.addResults(result(result)));
    }
    return job.build();
  }

  private static JobPhase phase(io.parley.peer.store.JobPhase phase) {
    return JobPhase.newBuilder()
        .setPhase(phase.name())
        .setBegan(Calls.timestamp(phase.began()))
        .build();
  }

  private static JobResult result(ResultRecord result) {
    return JobResult.newBuilder()
        .setName(result.name())
        .setSizeBytes(result.sizeBytes())
        .addAllRecipients(result.recipients())
        .setExpires(Calls.timestamp(result.expires()))
        .build();
  }

  private static io.parley.proto.peer.v1.JobState state(JobState state) {
    return switch (state) {
      case PENDING_APPROVAL -> io.parley.proto.peer.v1.JobState.JOB_STATE_PENDING_APPROVAL;
      case RUNNING -> io.parley.proto.peer.v1.JobState.JOB_STATE_RUNNING;
      case SUCCEEDED -> io.parley.proto.peer.v1.JobState.JOB_STATE_SUCCEEDED;
      case FAILED -> io.parley.proto.peer.v1.JobState.JOB_STATE_FAILED;
      case CANCELLED -> io.parley.proto.peer.v1.JobState.JOB_STATE_CANCELLED;
      case EXPIRED -> io.parley.proto.peer.v1.JobState.JOB_STATE_EXPIRED;
    };
  }
}
