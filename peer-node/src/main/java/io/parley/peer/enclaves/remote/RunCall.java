package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.parley.link.HostLink;
import io.parley.peer.enclaves.EnclaveExit;
import io.parley.peer.grpc.FlowWriter;
import io.parley.proto.enclave.v1.CredentialAnswer;
import io.parley.proto.enclave.v1.CredentialWish;
import io.parley.proto.enclave.v1.EnclaveEnded;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.EnclaveStarted;
import io.parley.proto.enclave.v1.RunEnclaveRequest;
import io.parley.proto.enclave.v1.RunEnclaveResponse;
import io.parley.proto.enclave.v1.StartEnclave;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The node's end of one RunEnclave call: frames both ways, each no faster than the other side takes
 * them, and one end. The server is not trusted to keep to what was asked for. Thread-safe; {@link
 * #next} is for one thread.
 */
final class RunCall implements ClientResponseObserver<RunEnclaveRequest, RunEnclaveResponse> {
  /** What comes. */
  sealed interface Heard {
    /** A frame for the host. */
    record Frame(ByteString bytes) implements Heard {}

    /** The platform in the VM asks for a credential. */
    record Wish(CredentialWish wish) implements Heard {}

    /** Nothing is left of the enclave; the last. */
    record Ended(EnclaveExit exit) implements Heard {}

    /** The call failed; the last. */
    record Lost(ParleyException why) implements Heard {}
  }

  private static final int FRAMES_ASKED = 4;
  private static final int DETAIL_CHARS_MAX = 500;

  private final Function<Throwable, ParleyException> failure;
  private final CompletableFuture<EnclaveStarted> started = new CompletableFuture<>();
  private final BlockingQueue<Heard> heard = new ArrayBlockingQueue<>(FRAMES_ASKED + 2);
  private @Nullable ClientCallStreamObserver<RunEnclaveRequest> out;
  private @Nullable FlowWriter<RunEnclaveRequest> writer;
  private boolean halfClosed;
  private boolean over;

  /**
   * @param failure what a failed call means
   */
  RunCall(Function<Throwable, ParleyException> failure) {
    this.failure = failure;
  }

  void start(ManagedChannel channel, StartEnclave order) {
    var unused = EnclaveServiceGrpc.newStub(channel).runEnclave(this);
    stream().onNext(RunEnclaveRequest.newBuilder().setStart(order).build());
    stream().request(1 + FRAMES_ASKED);
  }

  /**
   * Waits until the shim has connected in there.
   *
   * @throws ParleyException what the server says, or TIMEOUT; the call is over then
   */
  EnclaveStarted awaitStarted(Duration within) {
    try {
      return started.get(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancel();
      throw new RefusedException(Reason.CANCELLED, "the node ends");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException known ? known : new BugException("start", e);
    } catch (TimeoutException e) {
      cancel();
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "the enclave server has not started an enclave within %d ms"
              .formatted(within.toMillis()));
    }
  }

  /** The next that comes; its last answer is no {@link Heard.Frame}. */
  Heard next() throws InterruptedException {
    return heard.take();
  }

  /** A frame has been dealt with: one more may come. */
  void request() {
    stream().request(1);
  }

  /** Waits until the server takes it. */
  void send(byte[] frame) {
    send(RunEnclaveRequest.newBuilder().setFrame(ByteString.copyFrom(frame)).build());
  }

  /** As {@link #send(byte[])}, for the answer to a wish. */
  void send(CredentialAnswer answer) {
    send(RunEnclaveRequest.newBuilder().setCredential(answer).build());
  }

  private void send(RunEnclaveRequest message) {
    FlowWriter<RunEnclaveRequest> flow = writer;
    if (flow == null) {
      throw new BugException("a call that was not made");
    }
    flow.awaitReady();
    synchronized (this) {
      if (!halfClosed) {
        stream().onNext(message);
      }
    }
  }

  /** Asks the server to end the enclave, if it has not ended, and to say when nothing is left. */
  synchronized void end() {
    if (!halfClosed && !over) {
      halfClosed = true;
      stream().onCompleted();
    }
  }

  /** Gives the call up; the server notices. */
  void cancel() {
    stream().cancel("the node has given the enclave up", null);
  }

  private ClientCallStreamObserver<RunEnclaveRequest> stream() {
    ClientCallStreamObserver<RunEnclaveRequest> known = out;
    if (known == null) {
      throw new BugException("a call that was not made");
    }
    return known;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<RunEnclaveRequest> stream) {
    out = stream;
    stream.disableAutoRequestWithInitial(0);
    writer = new FlowWriter<>(stream);
  }

  @Override
  public void onNext(RunEnclaveResponse response) {
    boolean expected =
        switch (response.getMessageCase()) {
          case STARTED -> {
            boolean first = started.complete(response.getStarted());
            request();
            yield first;
          }
          case FRAME ->
              started.isDone()
                  && response.getFrame().size() <= HostLink.MAX_FRAME_BYTES
                  && heard.offer(new Heard.Frame(response.getFrame()));
          case CREDENTIAL_WISH ->
              started.isDone() && heard.offer(new Heard.Wish(response.getCredentialWish()));
          case ENDED -> {
            ended(new Heard.Ended(exit(response.getEnded())));
            yield true;
          }
          case MESSAGE_NOT_SET -> false;
        };
    if (!expected) {
      ended(
          new Heard.Lost(
              new RefusedException(
                  Reason.PEER_PROTOCOL_BROKEN,
                  "the enclave server sent a message that is out of place, too large, or more than was asked for")));
      cancel();
    }
  }

  private static EnclaveExit exit(EnclaveEnded ended) {
    String detail = ended.getDetail();
    return new EnclaveExit(
        ended.getCode(),
        ended.getMemoryLimit(),
        detail.length() > DETAIL_CHARS_MAX ? detail.substring(0, DETAIL_CHARS_MAX) : detail);
  }

  @Override
  public void onError(Throwable error) {
    ended(new Heard.Lost(failure.apply(error)));
  }

  @Override
  public void onCompleted() {
    ended(
        new Heard.Lost(
            new EnvironmentException(
                Reason.ENCLAVE_UNAVAILABLE, "the enclave server ended the call without a word")));
  }

  private void ended(Heard last) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    if (last instanceof Heard.Lost lost) {
      started.completeExceptionally(lost.why());
    } else {
      started.completeExceptionally(
          new EnvironmentException(Reason.ENCLAVE_CRASHED, "the enclave ended as it began"));
    }
    FlowWriter<RunEnclaveRequest> flow = writer;
    if (flow != null) {
      flow.gone();
    }
    while (!heard.offer(last)) {
      // Frames that nobody has read yet make room: the end counts more.
      var unused = heard.poll();
    }
  }
}
