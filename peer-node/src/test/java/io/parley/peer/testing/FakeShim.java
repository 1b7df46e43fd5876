package io.parley.peer.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.proto.enclave.v1.DatasetCertified;
import io.parley.proto.enclave.v1.Finished;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.OpenChannel;
import io.parley.proto.enclave.v1.OpenResult;
import io.parley.proto.enclave.v1.Progress;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.proto.enclave.v1.Success;
import io.parley.wire.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The inside of a fake enclave: speaks the link's protocol, and computes by joining bytes. */
public final class FakeShim implements AutoCloseable {
  /** A frame with its descriptor. */
  public record Frame(HostFrame message, @Nullable Descriptor descriptor) {}

  private final HostLink link;
  private final EnclaveRequest request;
  private final List<Descriptor> mine = new ArrayList<>();
  private final List<Frame> put = new ArrayList<>();
  private @Nullable StartJob start;
  private int resultBytes;

  private final Descriptor raw;

  FakeShim(HostLink link, Descriptor raw, EnclaveRequest request) {
    this.link = link;
    this.raw = raw;
    this.request = request;
  }

  public EnclaveRequest request() {
    return request;
  }

  /** The first frame. */
  public StartJob start() {
    StartJob known = start;
    if (known == null) {
      known = next(HostFrame.FrameCase.START_JOB).message().getStartJob();
      start = known;
    }
    return known;
  }

  public Agreement agreement() {
    return SignedAgreement.fromEnvelope(start().getAgreement()).agreement();
  }

  public String party() {
    return start().getParty();
  }

  public JobSpec job() {
    return JobSpec.decode(start().getJobSpec());
  }

  public void send(ShimFrame frame) {
    link.send(frame.toByteArray());
  }

  public HostLink link() {
    return link;
  }

  /** The next frame of this kind; others that come first are kept. */
  public Frame next(HostFrame.FrameCase kind) {
    for (Frame early : put) {
      if (early.message().getFrameCase() == kind) {
        put.remove(early);
        return early;
      }
    }
    while (true) {
      Frame frame = receive();
      if (frame.message().getFrameCase() == kind) {
        return frame;
      }
      put.add(frame);
    }
  }

  private Frame receive() {
    Received received = link.receive();
    mine.addAll(received.descriptors());
    try {
      return new Frame(
          HostFrame.parseFrom(received.frame()),
          received.descriptors().isEmpty() ? null : received.descriptors().getFirst());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  public void progress(String phase, String message) {
    send(
        ShimFrame.newBuilder()
            .setProgress(Progress.newBuilder().setPhase(phase).setMessage(message))
            .build());
  }

  /** As {@link #doItsPart()}, with results of this size. */
  public void doItsPart(int bytes) throws IOException {
    resultBytes = bytes;
    doItsPart();
  }

  /** All that a real one does, with bytes in place of rows. */
  public void doItsPart() throws IOException {
    Agreement agreement = agreement();
    progress("exchange", "sending");
    Map<String, byte[]> tables = new TreeMap<>();
    for (int i = agreement.datasetsOf(party()).size(); i > 0; i--) {
      Frame source = next(HostFrame.FrameCase.DATASET_SOURCE);
      tables.put(source.message().getDatasetSource().getDataset(), readAll(descriptor(source)));
    }
    for (var dataset : agreement.datasetsOf(party())) {
      for (String computing : agreement.compute()) {
        if (!computing.equals(party())) {
          sendTo(computing, dataset.name(), tables.getOrDefault(dataset.name(), new byte[0]));
        }
      }
    }
    if (agreement.computes(party())) {
      long foreign = agreement.datasets().stream().filter(d -> !d.owner().equals(party())).count();
      for (long i = 0; i < foreign; i++) {
        Frame ready = next(HostFrame.FrameCase.CHANNEL_READY);
        tables.put(
            ready.message().getChannelReady().getStream().substring("dataset/".length()),
            readAll(descriptor(ready)));
      }
      compute(tables);
    } else {
      succeed(ByteString.EMPTY);
    }
  }

  /** Opens a channel, sends all, and waits until the other side has read it. */
  public void sendTo(String party, String dataset, byte[] bytes) throws IOException {
    openChannel(party, "dataset/" + dataset);
    Descriptor socket = descriptor(next(HostFrame.FrameCase.CHANNEL_READY));
    socket.writeFully(ByteBuffer.wrap(bytes));
    socket.shutdownOutput();
    // The other side closes when it has read everything.
    readAll(socket);
  }

  public void openChannel(String party, String stream) {
    send(
        ShimFrame.newBuilder()
            .setOpenChannel(OpenChannel.newBuilder().setToParty(party).setStream(stream))
            .build());
  }

  private void compute(Map<String, byte[]> tables) throws IOException {
    progress("compute", "joining");
    StringBuilder joined = new StringBuilder();
    tables.forEach(
        (name, bytes) -> joined.append(name).append('=').append(bytes.length).append(';'));
    JobReport.Builder report =
        JobReport.newBuilder()
            .setJobId(job().jobId())
            .setParty(party())
            .setJobSha256(Digest.of(start().getJobSpec()).value());
    for (var rule : agreement().results()) {
      byte[] text = (rule.name() + ":" + joined).getBytes(StandardCharsets.UTF_8);
      byte[] sealed = resultBytes == 0 ? text : Arrays.copyOf(text, resultBytes);
      writeResult(rule.name(), sealed);
      report.addOutputs(
          ResultDigest.newBuilder()
              .setResult(rule.name())
              .setRows(1)
              .setSealedBytes(sealed.length)
              .setSealedSha256(Digest.of(sealed).value()));
    }
    succeed(finish(report.build()));
  }

  public void certify(String dataset, ByteString certificate) {
    send(
        ShimFrame.newBuilder()
            .setDatasetCertified(
                DatasetCertified.newBuilder().setDataset(dataset).setCertificate(certificate))
            .build());
  }

  public void writeResult(String name, byte[] sealed) throws IOException {
    send(ShimFrame.newBuilder().setOpenResult(OpenResult.newBuilder().setResult(name)).build());
    Descriptor file = descriptor(next(HostFrame.FrameCase.RESULT_SINK));
    file.writeFully(ByteBuffer.wrap(sealed));
    file.close();
  }

  /** Reports to the broker; answers with the receipt. */
  public ByteString finish(JobReport report) throws InvalidProtocolBufferException {
    send(
        ShimFrame.newBuilder()
            .setRequest(
                Request.newBuilder()
                    .setId(7)
                    .setFinishJob(
                        FinishJobRequest.newBuilder()
                            .setReport(report.toByteString())
                            .build()
                            .toByteString()))
            .build());
    HostFrame reply = next(HostFrame.FrameCase.REPLY).message();
    if (reply.getReply().hasStatus()) {
      fail(reply.getReply().getStatus());
      throw new IllegalStateException("the broker refused");
    }
    return FinishJobResponse.parseFrom(reply.getReply().getResponse()).getReceipt().toByteString();
  }

  public void succeed(ByteString receipt) {
    send(
        ShimFrame.newBuilder()
            .setFinished(Finished.newBuilder().setSuccess(Success.newBuilder().setReceipt(receipt)))
            .build());
  }

  public void fail(ByteString status) {
    send(ShimFrame.newBuilder().setFinished(Finished.newBuilder().setStatus(status)).build());
  }

  public static Descriptor descriptor(Frame frame) {
    Descriptor descriptor = frame.descriptor();
    if (descriptor == null) {
      throw new IllegalStateException("no descriptor came with " + frame.message());
    }
    return descriptor;
  }

  public static byte[] readAll(Descriptor from) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer piece = ByteBuffer.allocate(64 << 10);
    while (from.read(piece.clear()) >= 0) {
      all.write(piece.array(), 0, piece.position());
    }
    from.close();
    return all.toByteArray();
  }

  /** A length prefix that lies. */
  public void rawLength(int length) throws IOException {
    raw.writeFully(ByteBuffer.allocate(4).putInt(length).flip());
  }

  /** Does nothing until it is killed. */
  public void hang() {
    while (true) {
      receive();
    }
  }

  @Override
  public void close() {
    mine.forEach(Descriptor::close);
  }
}
