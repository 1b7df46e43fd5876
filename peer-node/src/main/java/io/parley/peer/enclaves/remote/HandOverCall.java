package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.parley.peer.grpc.FlowWriter;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.HandOverRequest;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.proto.enclave.v1.HandedFrame;
import io.parley.wire.BugException;
import org.jspecify.annotations.Nullable;

/** The node's end of one HandOver call. Sending is for one thread; the rest is thread-safe. */
final class HandOverCall implements ClientResponseObserver<HandOverRequest, HandOverResponse> {
  /** What is behind the descriptor. Called by one thread at a time, must not block for long. */
  interface Body {
    /** What the shim wrote; an empty piece is the end of it. */
    void piece(ByteString bytes);

    /** The call has ended in good order. */
    void completed();

    /** The call failed, whoever ended it. */
    void failed(Throwable why);
  }

  private final Body body;
  private @Nullable ClientCallStreamObserver<HandOverRequest> out;
  private @Nullable FlowWriter<HandOverRequest> writer;

  private HandOverCall(Body body) {
    this.body = body;
  }

  /** Makes the call and sends its first message. */
  static HandOverCall begin(ManagedChannel channel, HandedFrame handed, Body body) {
    HandOverCall call = new HandOverCall(body);
    var unused = EnclaveServiceGrpc.newStub(channel).handOver(call);
    call.stream().onNext(HandOverRequest.newBuilder().setHanded(handed).build());
    return call;
  }

  /** Waits until the server takes it. */
  void send(ByteString piece) {
    FlowWriter<HandOverRequest> flow = writer;
    if (flow == null) {
      throw new BugException("a call that was not made");
    }
    flow.write(HandOverRequest.newBuilder().setChunk(piece).build());
  }

  void finish() {
    stream().onCompleted();
  }

  void request() {
    stream().request(1);
  }

  void cancel(String why) {
    stream().cancel(why, null);
  }

  private ClientCallStreamObserver<HandOverRequest> stream() {
    ClientCallStreamObserver<HandOverRequest> known = out;
    if (known == null) {
      throw new BugException("a call that was not made");
    }
    return known;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<HandOverRequest> stream) {
    out = stream;
    stream.disableAutoRequestWithInitial(0);
    writer = new FlowWriter<>(stream);
  }

  @Override
  public void onNext(HandOverResponse response) {
    body.piece(response.getChunk());
  }

  @Override
  public void onError(Throwable failure) {
    FlowWriter<HandOverRequest> flow = writer;
    if (flow != null) {
      flow.gone();
    }
    body.failed(failure);
  }

  @Override
  public void onCompleted() {
    body.completed();
  }
}
