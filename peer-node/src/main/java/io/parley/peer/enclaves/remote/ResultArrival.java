package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.peer.relay.Pump;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A sealed result on its way from the VM into its file. Whole when the shim has closed its end. */
final class ResultArrival implements HandOverCall.Body {
  private static final int PIECES_ASKED = 4;

  private final Descriptor file;
  private final CompletableFuture<Boolean> whole = new CompletableFuture<>();
  private volatile @Nullable HandOverCall call;

  /**
   * @param file taken over
   */
  ResultArrival(Descriptor file) {
    this.file = file;
  }

  void begin(HandOverCall made) {
    call = made;
    // Nothing goes to the shim this way.
    made.finish();
    for (int i = 0; i < PIECES_ASKED; i++) {
      made.request();
    }
  }

  /** Completes with the last byte; exceptionally when it does not come, or cannot be kept. */
  CompletableFuture<Boolean> whole() {
    return whole;
  }

  @Override
  public void piece(ByteString bytes) {
    if (bytes.size() > Pump.PIECE_BYTES) {
      give(
          new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN,
              "the enclave server sent too large a piece of a result"));
      return;
    }
    if (bytes.isEmpty()) {
      // How the call ends says no more: the enclave's own end may come before it.
      completed();
      return;
    }
    try {
      file.writeFully(bytes.asReadOnlyByteBuffer());
      HandOverCall made = call;
      if (made != null) {
        made.request();
      }
    } catch (IOException e) {
      give(
          new EnvironmentException(
              Reason.IO_FAILED, "a result cannot be written: " + e.getMessage(), Map.of(), e));
    }
  }

  private void give(RuntimeException why) {
    failed(why);
    HandOverCall made = call;
    if (made != null) {
      made.cancel("the result cannot be kept");
    }
  }

  @Override
  public void completed() {
    file.close();
    whole.complete(true);
  }

  @Override
  public void failed(Throwable why) {
    file.close();
    whole.completeExceptionally(why);
  }

  void abort() {
    HandOverCall made = call;
    if (made != null && !whole.isDone()) {
      made.cancel("the enclave has ended");
    }
  }
}
