package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.peer.relay.Pump;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/** One of the party's own datasets on its way into the VM, in constant memory. */
final class DatasetDelivery implements HandOverCall.Body {
  private final Descriptor file;
  private final long sizeBytes;
  private final Consumer<Throwable> failed;

  /**
   * @param file taken over
   * @param failed hears why it did not get there
   */
  DatasetDelivery(Descriptor file, long sizeBytes, Consumer<Throwable> failed) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.failed = failed;
  }

  void begin(HandOverCall call, ExecutorService threads) {
    call.request();
    threads.execute(() -> send(call));
  }

  private void send(HandOverCall call) {
    try (file) {
      ByteBuffer piece = ByteBuffer.allocateDirect(Pump.PIECE_BYTES);
      for (long at = 0; at < sizeBytes; at += piece.limit()) {
        piece.clear().limit((int) Math.min(piece.capacity(), sizeBytes - at));
        fill(piece, at);
        call.send(ByteString.copyFrom(piece.flip()));
      }
      call.finish();
    } catch (IOException e) {
      failed.accept(
          new EnvironmentException(
              Reason.IO_FAILED, "a dataset cannot be read: " + e.getMessage(), Map.of(), e));
      call.cancel("the dataset cannot be read");
    } catch (RuntimeException e) {
      // The call's own end says more; where it has not ended, it does now.
      call.cancel("the dataset cannot be sent");
    }
  }

  private void fill(ByteBuffer piece, long from) throws IOException {
    while (piece.hasRemaining()) {
      if (file.readAt(piece, from + piece.position()) < 0) {
        throw new EOFException("its file is shorter than its %d bytes".formatted(sizeBytes));
      }
    }
  }

  void abort() {
    file.close();
  }

  @Override
  public void piece(ByteString bytes) {
    failed.accept(new EnvironmentException(Reason.PEER_PROTOCOL_BROKEN, "a dataset is one way"));
  }

  @Override
  public void completed() {
    // The shim has it.
  }

  @Override
  public void failed(Throwable why) {
    failed.accept(why);
  }
}
