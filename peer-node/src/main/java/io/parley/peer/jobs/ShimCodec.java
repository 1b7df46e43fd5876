package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.peer.datasets.Datasets;
import io.parley.proto.enclave.v1.ChannelReady;
import io.parley.proto.enclave.v1.DatasetSource;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Reply;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ResultSink;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.proto.enclave.v1.Stop;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.util.Map;

/** Frames of the link between host and shim, to and from bytes. Stateless. */
final class ShimCodec {
  private static final int TEXT_CHARS_MAX = 500;

  private ShimCodec() {}

  static ShimMessage parse(byte[] frame) {
    ShimFrame message;
    try {
      message = ShimFrame.parseFrom(frame);
    } catch (InvalidProtocolBufferException e) {
      throw broken("a frame that is no ShimFrame");
    }
    return switch (message.getFrameCase()) {
      case REQUEST -> call(message.getRequest());
      case OPEN_CHANNEL ->
          new ShimMessage.OpenChannel(
              message.getOpenChannel().getToParty(), message.getOpenChannel().getStream());
      case OPEN_RESULT -> new ShimMessage.OpenResult(message.getOpenResult().getResult());
      case DATASET_CERTIFIED ->
          new ShimMessage.Certified(
              message.getDatasetCertified().getDataset(),
              message.getDatasetCertified().getCertificate());
      case PROGRESS -> {
        var progress = message.getProgress();
        yield new ShimMessage.Progress(
            cut(progress.getPhase()),
            cut(progress.getMessage()),
            progress.getDone(),
            progress.getTotal());
      }
      case FINISHED ->
          switch (message.getFinished().getOutcomeCase()) {
            case SUCCESS ->
                new ShimMessage.Succeeded(message.getFinished().getSuccess().getReceipt());
            case STATUS -> new ShimMessage.Failed(message.getFinished().getStatus());
            case OUTCOME_NOT_SET -> throw broken("Finished without an outcome");
          };
      case FRAME_NOT_SET -> throw broken("an empty frame");
    };
  }

  private static ShimMessage.Call call(Request request) {
    return switch (request.getCallCase()) {
      case CREATE_CHALLENGE ->
          call(request, ShimMessage.Target.CREATE_CHALLENGE, request.getCreateChallenge());
      case REQUEST_KEYS -> call(request, ShimMessage.Target.REQUEST_KEYS, request.getRequestKeys());
      case FINISH_JOB -> call(request, ShimMessage.Target.FINISH_JOB, request.getFinishJob());
      case READ_ANSWERS -> call(request, ShimMessage.Target.READ_ANSWERS, request.getReadAnswers());
      case RECORD_ANSWER ->
          call(request, ShimMessage.Target.RECORD_ANSWER, request.getRecordAnswer());
      case ATTEST -> call(request, ShimMessage.Target.ATTEST, request.getAttest());
      case CALL_NOT_SET -> throw broken("a Request without a call");
    };
  }

  private static ShimMessage.Call call(
      Request request, ShimMessage.Target target, ByteString bytes) {
    return new ShimMessage.Call(request.getId(), target, bytes);
  }

  static byte[] start(JobContext job, long memoryLimitBytes, String evidenceKind) {
    return HostFrame.newBuilder()
        .setStartJob(
            StartJob.newBuilder()
                .setAgreement(job.signed().toEnvelope())
                .setJobSpec(job.specBytes())
                .setParty(job.party())
                .setEvidenceKind(evidenceKind)
                .setMemoryLimitBytes(memoryLimitBytes)
                .setTimeoutMs(job.timeout().toMillis()))
        .build()
        .toByteArray();
  }

  static byte[] dataset(Datasets.Opened opened) {
    return HostFrame.newBuilder()
        .setDatasetSource(
            DatasetSource.newBuilder()
                .setDataset(opened.record().name())
                .setSizeBytes(opened.record().sizeBytes())
                .setSalt(opened.record().salt())
                .setCertificate(opened.certificate()))
        .build()
        .toByteArray();
  }

  static byte[] reply(long id, ByteString response) {
    return HostFrame.newBuilder()
        .setReply(Reply.newBuilder().setId(id).setResponse(response))
        .build()
        .toByteArray();
  }

  static byte[] reply(long id, Throwable failure) {
    return HostFrame.newBuilder()
        .setReply(Reply.newBuilder().setId(id).setStatus(Statuses.toStatus(failure).toByteString()))
        .build()
        .toByteArray();
  }

  static byte[] channel(String party, String stream, boolean initiator) {
    return HostFrame.newBuilder()
        .setChannelReady(
            ChannelReady.newBuilder().setParty(party).setStream(stream).setInitiator(initiator))
        .build()
        .toByteArray();
  }

  static byte[] sink(String result) {
    return HostFrame.newBuilder()
        .setResultSink(ResultSink.newBuilder().setResult(result))
        .build()
        .toByteArray();
  }

  static byte[] stop(String reason) {
    return HostFrame.newBuilder()
        .setStop(Stop.newBuilder().setReason(reason))
        .build()
        .toByteArray();
  }

  /** The failure that a shim or a peer reports as google.rpc.Status bytes. */
  static ParleyException failure(ByteString status) {
    try {
      return Statuses.fromStatus(com.google.rpc.Status.parseFrom(status));
    } catch (InvalidProtocolBufferException e) {
      return broken("a failure that is no google.rpc.Status");
    }
  }

  private static String cut(String text) {
    return text.length() > TEXT_CHARS_MAX ? text.substring(0, TEXT_CHARS_MAX) : text;
  }

  private static RefusedException broken(String what) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN, "the enclave sent " + what, Map.of("what", what));
  }
}
