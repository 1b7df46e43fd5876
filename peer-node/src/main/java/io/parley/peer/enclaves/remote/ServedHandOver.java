package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.peer.grpc.Calls;
import io.parley.peer.grpc.FlowWriter;
import io.parley.peer.relay.Pump;
import io.parley.proto.enclave.v1.HandOverRequest;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.proto.enclave.v1.HandedFrame;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * One call of HandOver at the server: finds its run, and becomes a file that arrives or a socket
 * that is relayed. The call's callbacks come one at a time; the rest is thread-safe.
 */
final class ServedHandOver implements StreamObserver<HandOverRequest> {
  /** What a hand-over is, once its first message has come. */
  private interface Body extends HandedOver.Part {
    void piece(ByteString bytes);

    void finished();
  }

  private final Map<ByteString, ServedRun> runs;
  private final ExecutorService threads;
  private final ServerCallStreamObserver<HandOverResponse> out;
  private final FlowWriter<HandOverResponse> writer;
  private volatile @Nullable Body body;

  ServedHandOver(
      Map<ByteString, ServedRun> runs,
      ExecutorService threads,
      ServerCallStreamObserver<HandOverResponse> out) {
    this.runs = runs;
    this.threads = threads;
    this.out = out;
    this.writer = new FlowWriter<>(out);
    out.disableAutoRequest();
    out.setOnCancelHandler(this::broken);
  }

  /** From the call's handler: begins to read. */
  void begin() {
    out.request(1);
  }

  @Override
  public void onNext(HandOverRequest request) {
    @Nullable Body known = body;
    try {
      if (known != null
          && request.getMessageCase() == HandOverRequest.MessageCase.CHUNK
          && request.getChunk().size() <= Pump.PIECE_BYTES) {
        known.piece(request.getChunk());
      } else if (known == null && request.getMessageCase() == HandOverRequest.MessageCase.HANDED) {
        body = begin(request.getHanded());
      } else {
        throw new RefusedException(
            Reason.PEER_PROTOCOL_BROKEN, "a hand-over with a message out of place or too large");
      }
    } catch (RuntimeException e) {
      // Before its body ends, which has a reason of its own.
      Calls.fail(out, e);
      broken();
    }
  }

  private Body begin(HandedFrame handed) {
    @Nullable ServedRun run = runs.get(handed.getRun());
    if (run == null) {
      throw new RefusedException(Reason.JOB_NOT_RUNNING, "no enclave of this name runs here");
    }
    if (handed.getFrame().size() > HostLink.MAX_FRAME_BYTES) {
      throw new RefusedException(Reason.SIZE_LIMIT, "the frame is larger than any may be");
    }
    return switch (handed.getDescriptorCase()) {
      case FILE_BYTES -> new Arrival(run, handed);
      case SOCKET -> new Relay(run, handed);
      case DESCRIPTOR_NOT_SET ->
          throw new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN, "a hand-over without what its descriptor is");
    };
  }

  @Override
  public void onError(Throwable failure) {
    broken();
  }

  @Override
  public void onCompleted() {
    @Nullable Body known = body;
    if (known == null) {
      Calls.fail(out, new RefusedException(Reason.PEER_PROTOCOL_BROKEN, "a hand-over of nothing"));
    } else {
      known.finished();
    }
  }

  private void broken() {
    writer.gone();
    @Nullable Body known = body;
    if (known != null) {
      known.abort();
    }
  }

  private static EnvironmentException ended() {
    return new EnvironmentException(Reason.LINK_CLOSED, "the enclave has ended");
  }

  /** A file on its way into memory; the shim gets it when it is whole. */
  private final class Arrival implements Body {
    private final ServedRun run;
    private final ByteString frame;
    private final MemoryFile file;
    private final CompletableFuture<Boolean> drained = new CompletableFuture<>();

    Arrival(ServedRun run, HandedFrame handed) {
      this.run = run;
      this.frame = handed.getFrame();
      run.lease().more(handed.getFileBytes());
      file = MemoryFile.create(handed.getFileBytes());
      try {
        run.handed().add(this);
      } catch (RuntimeException e) {
        file.close();
        throw e;
      }
      out.request(1);
    }

    @Override
    public void piece(ByteString bytes) {
      file.write(bytes);
      out.request(1);
    }

    @Override
    public void finished() {
      threads.execute(() -> {
        try (Descriptor whole = file.complete()) {
          run.hand(frame, whole);
          out.onCompleted();
        } catch (RuntimeException e) {
          Calls.fail(out, e);
        } finally {
          close();
        }
      });
    }

    private void close() {
      file.close();
      run.handed().remove(this);
      drained.complete(true);
    }

    @Override
    public CompletableFuture<?> drained() {
      return drained;
    }

    @Override
    public void abort() {
      // First: a piece that comes now finds the file closed, and would be told as a failure of it.
      Calls.fail(out, ended());
      close();
    }
  }

  /** A socket whose other end the shim has. */
  private final class Relay implements Body {
    private final ServedRun run;
    private final ServedSocket socket;

    Relay(ServedRun run, HandedFrame handed) {
      this.run = run;
      this.socket = new ServedSocket(out, writer, () -> run.handed().remove(this));
      try {
        run.handed().add(this);
      } catch (RuntimeException e) {
        socket.neverStarted();
        throw e;
      }
      threads.execute(() -> start(handed.getFrame()));
    }

    private void start(ByteString frame) {
      try (Descriptor end = socket.shimsEnd()) {
        run.hand(frame, end);
        socket.start(threads);
      } catch (RuntimeException e) {
        run.handed().remove(this);
        socket.neverStarted();
        Calls.fail(out, e);
      }
    }

    @Override
    public void piece(ByteString bytes) {
      socket.arrived(bytes);
    }

    @Override
    public void finished() {
      socket.finishedInwards();
    }

    @Override
    public CompletableFuture<?> drained() {
      return socket.drained();
    }

    @Override
    public void abort() {
      socket.broken();
      Calls.fail(out, ended());
    }
  }
}
