package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.peer.relay.Pump;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A channel's socket, carried between this node and the shim in the VM. What passes is sealed from
 * enclave to enclave. Thread-safe.
 */
final class SocketRelay implements HandOverCall.Body, Pump.Stream {
  private final Pump pump;
  private final Consumer<Throwable> failed;
  private volatile @Nullable HandOverCall call;

  /**
   * @param socket taken over
   * @param failed hears why the call ended, when it did not end in good order
   */
  SocketRelay(Descriptor socket, Consumer<Throwable> failed) {
    this.pump = new Pump(socket, this);
    this.failed = failed;
  }

  void begin(HandOverCall made, ExecutorService threads) {
    call = made;
    pump.start(threads);
  }

  @Override
  public void piece(ByteString bytes) {
    pump.arrived(bytes);
  }

  @Override
  public void completed() {
    pump.finished();
  }

  @Override
  public void failed(Throwable why) {
    pump.broken();
    failed.accept(why);
  }

  @Override
  public void send(ByteString piece) {
    HandOverCall made = call;
    if (made != null) {
      made.send(piece);
    }
  }

  @Override
  public void finish() {
    HandOverCall made = call;
    if (made != null) {
      made.finish();
    }
  }

  @Override
  public void request() {
    HandOverCall made = call;
    if (made != null) {
      made.request();
    }
  }

  @Override
  public void abort() {
    HandOverCall made = call;
    if (made != null) {
      made.cancel("the channel was closed");
    }
    pump.broken();
  }
}
