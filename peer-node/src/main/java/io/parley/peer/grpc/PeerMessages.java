package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.peer.jobs.PeerMessage;
import io.parley.peer.jobs.SealedResult;
import io.parley.peer.store.JobState;
import io.parley.proto.peer.v1.EndJob;
import io.parley.proto.peer.v1.JobProgress;
import io.parley.proto.peer.v1.JoinJob;
import io.parley.proto.peer.v1.JoinedJob;
import io.parley.proto.peer.v1.RunJobRequest;
import io.parley.proto.peer.v1.RunJobResponse;
import io.parley.proto.peer.v1.StartJob;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.List;

/** What nodes say to each other about a job, to and from messages. Stateless. */
final class PeerMessages {
  private static final int TEXT_CHARS_MAX = 500;
  private static final int STATUS_BYTES_MAX = 64 << 10;
  private static final int RESULTS_MAX = 64;

  private PeerMessages() {}

  static RunJobRequest request(PeerMessage message) {
    RunJobRequest.Builder out = RunJobRequest.newBuilder();
    switch (message) {
      case PeerMessage.Join join ->
          out.setJoin(
              JoinJob.newBuilder().setJobSpec(join.spec()).setTimeoutMs(join.timeout().toMillis()));
      case PeerMessage.Start() -> out.setStart(StartJob.getDefaultInstance());
      case PeerMessage.Progress progress -> out.setProgress(progress(progress));
      case PeerMessage.End end -> out.setEnd(end(end));
      case PeerMessage.Joined() -> throw new BugException("a submitter does not join");
    }
    return out.build();
  }

  static RunJobResponse response(PeerMessage message) {
    RunJobResponse.Builder out = RunJobResponse.newBuilder();
    switch (message) {
      case PeerMessage.Joined() -> out.setJoined(JoinedJob.getDefaultInstance());
      case PeerMessage.Progress progress -> out.setProgress(progress(progress));
      case PeerMessage.End end -> out.setEnd(end(end));
      case PeerMessage.Join _, PeerMessage.Start _ ->
          throw new BugException("only a submitter asks to join and start");
    }
    return out.build();
  }

  static PeerMessage parse(RunJobRequest request) {
    return switch (request.getMessageCase()) {
      case JOIN ->
          new PeerMessage.Join(
              request.getJoin().getJobSpec(),
              Duration.ofMillis(Math.clamp(request.getJoin().getTimeoutMs(), 0, 1L << 40)));
      case START -> new PeerMessage.Start();
      case PROGRESS -> progress(request.getProgress());
      case END -> end(request.getEnd());
      case MESSAGE_NOT_SET -> throw broken("an empty message");
    };
  }

  static PeerMessage parse(RunJobResponse response) {
    return switch (response.getMessageCase()) {
      case JOINED -> new PeerMessage.Joined();
      case PROGRESS -> progress(response.getProgress());
      case END -> end(response.getEnd());
      case MESSAGE_NOT_SET -> throw broken("an empty message");
    };
  }

  private static JobProgress progress(PeerMessage.Progress progress) {
    return JobProgress.newBuilder()
        .setParty(progress.party())
        .setPhase(progress.phase())
        .setMessage(progress.message())
        .build();
  }

  private static PeerMessage progress(JobProgress progress) {
    return new PeerMessage.Progress(
        cut(progress.getParty()), cut(progress.getPhase()), cut(progress.getMessage()));
  }

  private static EndJob end(PeerMessage.End end) {
    EndJob.Builder out =
        EndJob.newBuilder()
            .setState(end.state().name())
            .setStatus(end.status())
            .setFailedAt(end.failedAt());
    if (!end.receipt().isEmpty()) {
      out.setReceipt(DsseEnvelope.decode(end.receipt()).toProto());
    }
    for (SealedResult result : end.results()) {
      out.addResults(
          io.parley.proto.peer.v1.SealedResult.newBuilder()
              .setName(result.name())
              .setSizeBytes(result.sizeBytes())
              .setSha256(result.sha256().value())
              .setHeldBy(result.heldBy()));
    }
    return out.build();
  }

  private static PeerMessage end(EndJob end) {
    if (end.getResultsCount() > RESULTS_MAX || end.getStatus().size() > STATUS_BYTES_MAX) {
      throw broken("an End with more than it may have");
    }
    List<SealedResult> results =
        end.getResultsList().stream()
            .map(r ->
                new SealedResult(
                    r.getName(), r.getSizeBytes(), new Digest(r.getSha256()), r.getHeldBy()))
            .toList();
    return new PeerMessage.End(
        state(end.getState()),
        end.getStatus(),
        cut(end.getFailedAt()),
        end.hasReceipt() ? DsseEnvelope.fromProto(end.getReceipt()).encode() : ByteString.EMPTY,
        results);
  }

  private static JobState state(String text) {
    return switch (text) {
      case "SUCCEEDED" -> JobState.SUCCEEDED;
      case "FAILED" -> JobState.FAILED;
      case "CANCELLED" -> JobState.CANCELLED;
      default -> throw broken("an End in a state that is none");
    };
  }

  private static String cut(String text) {
    return text.length() > TEXT_CHARS_MAX ? text.substring(0, TEXT_CHARS_MAX) : text;
  }

  private static RefusedException broken(String what) {
    return new RefusedException(Reason.PEER_PROTOCOL_BROKEN, "the other node sent " + what);
  }
}
