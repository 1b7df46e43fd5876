package io.parley.shim.host;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.proto.enclave.v1.ChannelReady;
import io.parley.proto.enclave.v1.DatasetCertified;
import io.parley.proto.enclave.v1.DatasetSource;
import io.parley.proto.enclave.v1.Finished;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.OpenChannel;
import io.parley.proto.enclave.v1.OpenResult;
import io.parley.proto.enclave.v1.Progress;
import io.parley.proto.enclave.v1.Reply;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.proto.enclave.v1.Success;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The shim's end of the link: one thread takes frames in and lays them where they are waited for.
 * Whatever the host does wrong ends the job; the worst it can do is refuse.
 *
 * <p>Thread-safe.
 */
public final class HostConnection implements AutoCloseable {
  private static final String START = "start";

  private final HostLink link;
  private final Consumer<ParleyException> onEnd;
  private final Arrivals<String, JobOrder> orders = new Arrivals<>("job", order -> {});
  private final Arrivals<Long, Reply> replies = new Arrivals<>("reply", reply -> {});
  private final Arrivals<String, DatasetHandle> datasets =
      new Arrivals<>("dataset", DatasetHandle::close);
  private final Arrivals<Channel, Descriptor> channels =
      new Arrivals<>("channel", Descriptor::close);
  private final Arrivals<String, Descriptor> sinks =
      new Arrivals<>("result file", Descriptor::close);
  private final AtomicLong requestIds = new AtomicLong();
  private final AtomicBoolean finished = new AtomicBoolean();

  private final Thread listener = new Thread(this::listen, "host-link");

  private HostConnection(HostLink link, Consumer<ParleyException> onEnd) {
    this.link = link;
    this.onEnd = onEnd;
    listener.setDaemon(true);
  }

  /**
   * Starts to listen.
   *
   * @param onEnd called once, on the listening thread, when the host says stop, breaks the protocol
   *     or is gone before the last frame was sent
   */
  public static HostConnection start(HostLink link, Consumer<ParleyException> onEnd) {
    HostConnection connection = new HostConnection(link, onEnd);
    connection.listener.start();
    return connection;
  }

  /** Waits for the first frame. */
  public JobOrder awaitJob(Duration timeout) {
    return orders.take(START, timeout);
  }

  /** From now on the host may hand in these and nothing else. */
  public void expectOnly(Set<String> ownDatasets, Set<Channel> channelSet, Set<String> results) {
    datasets.expectOnly(ownDatasets);
    channels.expectOnly(channelSet);
    sinks.expectOnly(results);
  }

  /** One of the party's own datasets. */
  public DatasetHandle dataset(String name, Duration timeout) {
    return datasets.take(name, timeout);
  }

  /** Asks for a stream to another enclave; {@link #channel} waits for it. */
  public void openChannel(Channel channel) {
    send(
        ShimFrame.newBuilder()
            .setOpenChannel(
                OpenChannel.newBuilder().setToParty(channel.party()).setStream(channel.stream())));
  }

  /** Waits for a stream that this enclave or the other one asked for. */
  public Descriptor channel(Channel channel, Duration timeout) {
    return channels.take(channel, timeout);
  }

  /** Asks for a file to write a sealed result to. */
  public Descriptor openResult(String result, Duration timeout) {
    send(ShimFrame.newBuilder().setOpenResult(OpenResult.newBuilder().setResult(result)));
    return sinks.take(result, timeout);
  }

  /** Gives a dataset's certificate to the host to keep. */
  public void certified(String dataset, ByteString certificate) {
    send(
        ShimFrame.newBuilder()
            .setDatasetCertified(
                DatasetCertified.newBuilder().setDataset(dataset).setCertificate(certificate)));
  }

  /** Tells people how far it is; never values. */
  public void progress(String phase, String message, long done, long total) {
    send(
        ShimFrame.newBuilder()
            .setProgress(
                Progress.newBuilder()
                    .setPhase(phase)
                    .setMessage(message)
                    .setDone(done)
                    .setTotal(total)));
  }

  /** The last frame of a job that went well. */
  public void finish(ByteString receipt) {
    sendLast(Finished.newBuilder().setSuccess(Success.newBuilder().setReceipt(receipt)));
  }

  /** The last frame of a job that did not. */
  public void finish(Throwable failure) {
    sendLast(Finished.newBuilder().setStatus(Statuses.toStatus(failure).toByteString()));
  }

  /**
   * Waits until the host has closed its end, no longer than this. A host that is just sending us
   * something would otherwise find the link broken before it has read why.
   */
  public void linger(Duration atMost) {
    try {
      boolean unused = listener.join(atMost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * One call that the host forwards.
   *
   * @throws ParleyException what the answering side said, or TIMEOUT
   */
  ByteString call(Request.Builder request, Duration timeout) {
    long id = requestIds.incrementAndGet();
    send(ShimFrame.newBuilder().setRequest(request.setId(id)));
    Reply reply = replies.take(id, timeout);
    return switch (reply.getResultCase()) {
      case RESPONSE -> reply.getResponse();
      case STATUS -> throw status(reply.getStatus());
      case RESULT_NOT_SET -> throw broken("a reply without a result");
    };
  }

  @Override
  public void close() {
    end(new EnvironmentException(Reason.LINK_CLOSED, "the link to the host was closed"));
    link.close();
  }

  private void send(ShimFrame.Builder frame) {
    if (!finished.get()) {
      link.send(frame.build().toByteArray());
    }
  }

  /** Finished is the last frame, and there is one: a later one, or anything else, is dropped. */
  private void sendLast(Finished.Builder outcome) {
    if (finished.compareAndSet(false, true)) {
      link.send(ShimFrame.newBuilder().setFinished(outcome).build().toByteArray());
    }
  }

  private void listen() {
    try {
      while (true) {
        try (Received received = link.receive()) {
          take(HostFrame.parseFrom(received.frame()), received);
        }
      }
    } catch (ParleyException e) {
      stop(e);
    } catch (InvalidProtocolBufferException e) {
      stop(broken("a frame that can't be read"));
    } catch (RuntimeException | Error e) {
      // With nobody to listen the job would wait until its timeout.
      stop(new BugException("the link's listener failed", e));
    }
  }

  private void stop(ParleyException cause) {
    end(cause);
    // After the last frame the host hangs up, as it should.
    if (!finished.get()) {
      onEnd.accept(cause);
    }
  }

  private void end(ParleyException cause) {
    orders.fail(cause);
    replies.fail(cause);
    datasets.fail(cause);
    channels.fail(cause);
    sinks.fail(cause);
  }

  private void take(HostFrame frame, Received received) {
    int needed =
        switch (frame.getFrameCase()) {
          case DATASET_SOURCE, CHANNEL_READY, RESULT_SINK -> 1;
          case START_JOB, REPLY, STOP, FRAME_NOT_SET -> 0;
        };
    if (received.descriptors().size() != needed) {
      throw broken(
          "%d descriptors with frame %s; expected %d"
              .formatted(received.descriptors().size(), frame.getFrameCase(), needed));
    }
    switch (frame.getFrameCase()) {
      case START_JOB -> orders.put(START, order(frame.getStartJob()));
      case REPLY -> reply(frame.getReply());
      case DATASET_SOURCE -> dataset(frame.getDatasetSource(), received);
      case CHANNEL_READY -> channel(frame.getChannelReady(), received);
      case RESULT_SINK -> sinks.put(frame.getResultSink().getResult(), keep(received));
      case STOP ->
          throw new RefusedException(
              Reason.CANCELLED,
              "the host stopped the job: " + frame.getStop().getReason(),
              Map.of("reason", frame.getStop().getReason()));
      case FRAME_NOT_SET -> throw broken("a frame of unknown kind");
    }
  }

  private void reply(Reply reply) {
    if (reply.getId() < 1 || reply.getId() > requestIds.get()) {
      throw broken("a reply to request %d, which was not made".formatted(reply.getId()));
    }
    replies.put(reply.getId(), reply);
  }

  private void dataset(DatasetSource source, Received received) {
    String name = source.getDataset();
    datasets.put(
        name,
        new DatasetHandle(
            name,
            source.getSizeBytes(),
            source.getSalt(),
            source.getCertificate(),
            keep(received)));
  }

  private void channel(ChannelReady ready, Received received) {
    channels.put(
        new Channel(ready.getParty(), ready.getStream(), ready.getInitiator()), keep(received));
  }

  /** The frame's owner closes the descriptor that came; this one is ours. */
  private static Descriptor keep(Received received) {
    try {
      return received.descriptors().getFirst().duplicate();
    } catch (java.io.IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "a descriptor from the host is unusable", Map.of(), e);
    }
  }

  private static JobOrder order(StartJob start) {
    return new JobOrder(
        start.getAgreement(),
        start.getJobSpec(),
        start.getParty(),
        start.getEvidenceKind(),
        start.getMemoryLimitBytes(),
        Duration.ofMillis(start.getTimeoutMs()));
  }

  private static ParleyException status(ByteString status) {
    try {
      return Statuses.fromStatus(com.google.rpc.Status.parseFrom(status));
    } catch (InvalidProtocolBufferException e) {
      return broken("a status that can't be read");
    }
  }

  static RefusedException broken(String detail) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN, "the host sent " + detail, Map.of("detail", detail));
  }
}
