package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.parley.peer.apps.AppPacker;
import io.parley.peer.grpc.FlowWriter;
import io.parley.proto.enclave.v1.AddAppRequest;
import io.parley.proto.enclave.v1.AddAppResponse;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** An app on its way to an enclave server, no faster than it is taken. */
final class AppDelivery implements ClientResponseObserver<AddAppRequest, AddAppResponse> {
  private static final int PIECE_BYTES = 256 << 10;
  private static final long KEPT_WITHIN_SECONDS = 60;

  private final CompletableFuture<Boolean> kept = new CompletableFuture<>();
  private @Nullable ClientCallStreamObserver<AddAppRequest> out;
  private @Nullable FlowWriter<AddAppRequest> writer;

  private AppDelivery() {}

  /** Sends it, and returns when the server has it; throws what gRPC or the server says if not. */
  static void send(ManagedChannel channel, Path folder, Digest app) {
    AppDelivery delivery = new AppDelivery();
    var unused = EnclaveServiceGrpc.newStub(channel).addApp(delivery);
    delivery.write(folder, app);
  }

  private void write(Path folder, Digest app) {
    FlowWriter<AddAppRequest> flow = writer;
    ClientCallStreamObserver<AddAppRequest> stream = out;
    if (flow == null || stream == null) {
      throw new BugException("the call was made without its stream");
    }
    try (OutputStream packed = new BufferedOutputStream(new Pieces(flow), PIECE_BYTES)) {
      flow.write(AddAppRequest.newBuilder().setSha256(app.value()).build());
      var unused = AppPacker.pack(folder, packed);
      packed.flush();
      stream.onCompleted();
    } catch (IOException | RuntimeException e) {
      // The server's own word, if it has said one, is the better reason.
      kept.completeExceptionally(e);
      stream.cancel("the app cannot be sent", e);
    }
    awaitKept();
  }

  private void awaitKept() {
    try {
      var unused = kept.get(KEPT_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.IO_FAILED, "interrupted while an app was sent");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known
          ? known
          : new BugException("sending an app failed", e.getCause());
    } catch (TimeoutException e) {
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "the enclave server has not kept the app within %d s".formatted(KEPT_WITHIN_SECONDS));
    }
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<AddAppRequest> stream) {
    out = stream;
    writer = new FlowWriter<>(stream);
  }

  @Override
  public void onNext(AddAppResponse response) {
    kept.complete(true);
  }

  @Override
  public void onError(Throwable failure) {
    kept.completeExceptionally(failure);
    FlowWriter<AddAppRequest> flow = writer;
    if (flow != null) {
      flow.gone();
    }
  }

  @Override
  public void onCompleted() {
    kept.complete(true);
  }

  private static final class Pieces extends OutputStream {
    private final FlowWriter<AddAppRequest> flow;

    Pieces(FlowWriter<AddAppRequest> flow) {
      this.flow = flow;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      for (int at = 0; at < length; at += PIECE_BYTES) {
        int count = Math.min(PIECE_BYTES, length - at);
        flow.write(
            AddAppRequest.newBuilder()
                .setChunk(ByteString.copyFrom(bytes, offset + at, count))
                .build());
      }
    }
  }
}
