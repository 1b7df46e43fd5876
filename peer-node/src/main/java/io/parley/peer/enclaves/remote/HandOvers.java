package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.parley.link.Descriptor;
import io.parley.link.Received;
import io.parley.proto.enclave.v1.HandedFrame;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.SocketEnd;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The descriptors that a node hands to one remote enclave: each becomes a call that carries what is
 * behind it. Thread-safe.
 */
final class HandOvers {
  private static final long RESULTS_SECONDS_MAX = 120;

  /** The run's own call says why it ended; these are what follows from that. */
  private static final Set<Reason> CONSEQUENCES =
      Set.of(
          Reason.LINK_CLOSED,
          Reason.JOB_NOT_RUNNING,
          Reason.ENCLAVE_UNAVAILABLE,
          Reason.PEER_UNAVAILABLE,
          Reason.CANCELLED);

  private final ManagedChannel channel;
  private final ByteString run;
  private final ExecutorService threads;
  private final Function<Throwable, ParleyException> failure;
  private final Set<Runnable> aborts = ConcurrentHashMap.newKeySet();
  private final List<CompletableFuture<Boolean>> results = new ArrayList<>();

  /**
   * @param run the server's name for the run
   * @param failure what a failed call means
   */
  HandOvers(
      ManagedChannel channel,
      ByteString run,
      ExecutorService threads,
      Function<Throwable, ParleyException> failure) {
    this.channel = channel;
    this.run = run;
    this.threads = threads;
    this.failure = failure;
  }

  /**
   * Begins to carry what is behind a frame's descriptor, which it takes over.
   *
   * @param troubled hears of what the run's own call does not tell
   */
  void begin(Received received, Consumer<ParleyException> troubled) {
    Descriptor descriptor = received.descriptors().getFirst();
    try {
      ByteString bytes = ByteString.copyFrom(received.frame());
      HostFrame frame = HostFrame.parseFrom(bytes);
      HandedFrame.Builder handed = HandedFrame.newBuilder().setRun(run).setFrame(bytes);
      switch (frame.getFrameCase()) {
        case DATASET_SOURCE ->
            dataset(descriptor, handed, frame.getDatasetSource().getSizeBytes(), troubled);
        case CHANNEL_READY -> socket(descriptor, handed, troubled);
        case RESULT_SINK -> result(descriptor, handed);
        case START_JOB, REPLY, STOP, FRAME_NOT_SET ->
            throw new BugException("no descriptor goes with " + frame.getFrameCase());
      }
    } catch (InvalidProtocolBufferException e) {
      received.close();
      throw new BugException("this node sent a frame that is none", e);
    } catch (RuntimeException e) {
      received.close();
      throw e;
    }
  }

  private void dataset(
      Descriptor file, HandedFrame.Builder handed, long size, Consumer<ParleyException> troubled) {
    DatasetDelivery delivery = new DatasetDelivery(file, size, tell(troubled));
    aborts.add(delivery::abort);
    delivery.begin(
        HandOverCall.begin(channel, handed.setFileBytes(size).build(), delivery), threads);
  }

  private void socket(
      Descriptor socket, HandedFrame.Builder handed, Consumer<ParleyException> troubled) {
    SocketRelay relay = new SocketRelay(socket, tell(troubled));
    aborts.add(relay::abort);
    relay.begin(
        HandOverCall.begin(
            channel, handed.setSocket(SocketEnd.getDefaultInstance()).build(), relay),
        threads);
  }

  private void result(Descriptor file, HandedFrame.Builder handed) {
    ResultArrival arrival = new ResultArrival(file);
    synchronized (results) {
      results.add(arrival.whole());
    }
    aborts.add(arrival::abort);
    arrival.begin(
        HandOverCall.begin(
            channel, handed.setSocket(SocketEnd.getDefaultInstance()).build(), arrival));
  }

  private Consumer<Throwable> tell(Consumer<ParleyException> troubled) {
    return cause -> {
      ParleyException why = failure.apply(cause);
      if (!CONSEQUENCES.contains(why.reason())) {
        troubled.accept(why);
      }
    };
  }

  /** Waits until every result that the shim wrote is in its file. */
  void awaitResults(Consumer<ParleyException> troubled) {
    CompletableFuture<?>[] all;
    synchronized (results) {
      all = results.toArray(CompletableFuture<?>[]::new);
    }
    try {
      CompletableFuture.allOf(all).get(RESULTS_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      troubled.accept(failure.apply(Objects.requireNonNullElse(e.getCause(), e)));
    } catch (TimeoutException e) {
      troubled.accept(
          new EnvironmentException(
              Reason.TIMEOUT,
              "the results have not come from the enclave server within %d s"
                  .formatted(RESULTS_SECONDS_MAX)));
    }
  }

  /** Ends all of them. */
  void abort() {
    aborts.forEach(Runnable::run);
  }
}
