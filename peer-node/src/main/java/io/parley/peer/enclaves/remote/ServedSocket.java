package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import io.parley.peer.grpc.Calls;
import io.parley.peer.grpc.FlowWriter;
import io.parley.peer.relay.Pump;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

/** The server's end of a socket that a shim has, pumped to and from a call. Thread-safe. */
final class ServedSocket implements Pump.Stream {
  private final ServerCallStreamObserver<HandOverResponse> out;
  private final FlowWriter<HandOverResponse> writer;
  private final Runnable whenEnded;
  private final Descriptor shims;
  private final Descriptor ours;
  private final Pump pump;
  private final AtomicInteger waysOpen = new AtomicInteger(2);
  private final CompletableFuture<Boolean> drained = new CompletableFuture<>();

  /**
   * @param whenEnded called once both ways have ended in good order
   */
  ServedSocket(
      ServerCallStreamObserver<HandOverResponse> out,
      FlowWriter<HandOverResponse> writer,
      Runnable whenEnded) {
    this.out = out;
    this.writer = writer;
    this.whenEnded = whenEnded;
    try {
      List<Descriptor> pair = Sockets.pair();
      shims = pair.getFirst();
      ours = pair.getLast();
      pump = new Pump(ours, this);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot make a socket pair: " + e.getMessage(), Map.of(), e);
    }
  }

  /** What the shim gets; the caller closes it. */
  Descriptor shimsEnd() {
    return shims;
  }

  void start(ExecutorService threads) {
    pump.start(threads);
  }

  void arrived(ByteString piece) {
    pump.arrived(piece);
  }

  /** The node's way has ended. */
  void finishedInwards() {
    pump.finished();
    wayEnded();
  }

  void broken() {
    writer.gone();
    pump.broken();
    drained.complete(false);
  }

  /** In place of {@link #start}. */
  void neverStarted() {
    broken();
    shims.close();
    ours.close();
  }

  CompletableFuture<Boolean> drained() {
    return drained;
  }

  @Override
  public void send(ByteString piece) {
    writer.write(HandOverResponse.newBuilder().setChunk(piece).build());
  }

  @Override
  public void finish() {
    // Ending the call would end the other way too: an empty piece says it for this way alone.
    send(ByteString.EMPTY);
    // First: a run whose hand-overs are drained ends those that have not ended.
    wayEnded();
    drained.complete(true);
  }

  private void wayEnded() {
    if (waysOpen.decrementAndGet() == 0) {
      out.onCompleted();
      whenEnded.run();
    }
  }

  @Override
  public void request() {
    out.request(1);
  }

  @Override
  public void abort() {
    drained.complete(false);
    whenEnded.run();
    Calls.fail(out, new EnvironmentException(Reason.LINK_CLOSED, "the enclave closed its channel"));
  }
}
