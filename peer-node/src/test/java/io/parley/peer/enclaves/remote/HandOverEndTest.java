package io.parley.peer.enclaves.remote;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.parley.link.Descriptor;
import io.parley.peer.grpc.FlowWriter;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An enclave that ends just when its hand-overs do takes nothing of them with it. */
class HandOverEndTest {
  @TempDir Path folder;

  /** What the server tells the node, in order. */
  private static final class Told extends ServerCallStreamObserver<HandOverResponse> {
    private final List<String> all = new CopyOnWriteArrayList<>();

    @Override
    public void onNext(HandOverResponse response) {
      all.add("piece of " + response.getChunk().size());
    }

    @Override
    public void onError(Throwable failure) {
      all.add("failed");
    }

    @Override
    public void onCompleted() {
      all.add("completed");
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String name) {}

    @Override
    public void setMessageCompression(boolean on) {}

    @Override
    public void request(int count) {}

    @Override
    @Deprecated
    public void disableAutoInboundFlowControl() {}
  }

  /** A run whose hand-overs are drained ends those that it still knows. */
  @Test
  void theCallHasEndedOnceAllIsSaidToBeOnItsWay() throws Exception {
    Told told = new Told();
    CompletableFuture<List<String>> whenDrained = new CompletableFuture<>();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      ServedSocket socket =
          new ServedSocket(told, new FlowWriter<>(told), () -> told.all.add("forgotten"));
      var unused = socket.drained().thenRun(() -> whenDrained.complete(List.copyOf(told.all)));
      try (Descriptor shims = socket.shimsEnd()) {
        shims.writeFully(ByteBuffer.allocate(100));
      }
      // The node sends nothing to where a result comes from.
      socket.finishedInwards();
      socket.start(threads);
      assertThat(whenDrained.get(20, TimeUnit.SECONDS))
          .containsExactly("piece of 100", "piece of 0", "completed", "forgotten");
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aResultIsWholeOnceItsEndHasComeHoweverTheCallEnds() throws IOException {
    Path file = folder.resolve("out.part");
    ResultArrival arrival = new ResultArrival(Descriptor.createForWriting(file));
    arrival.piece(ByteString.copyFromUtf8("all of it"));
    assertThat(arrival.whole()).isNotDone();
    arrival.piece(ByteString.EMPTY);
    arrival.failed(new EnvironmentException(Reason.LINK_CLOSED, "the enclave has ended"));
    assertThat(arrival.whole()).isCompletedWithValue(true);
    assertThat(Files.readString(file)).isEqualTo("all of it");
  }

  @Test
  void aResultThatBreaksOffIsNotWhole() throws IOException {
    ResultArrival arrival =
        new ResultArrival(Descriptor.createForWriting(folder.resolve("out.part")));
    arrival.piece(ByteString.copyFromUtf8("half of"));
    arrival.failed(new EnvironmentException(Reason.LINK_CLOSED, "the enclave has ended"));
    assertThat(arrival.whole()).isCompletedExceptionally();
  }
}
