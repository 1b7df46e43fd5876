package io.parley.peer.grpc;

import io.grpc.stub.CallStreamObserver;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes to a stream no faster than the other side reads: memory stays constant however large the
 * stream is. Made in the call's handler, used by one thread that is not the call's.
 */
public final class FlowWriter<T> {
  private static final long STALLED_SECONDS_MAX = 120;

  private final CallStreamObserver<T> stream;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean gone;

  public FlowWriter(CallStreamObserver<T> stream) {
    this.stream = stream;
    stream.setOnReadyHandler(this::wake);
  }

  /** The other side has gone: whoever waits stops. */
  public void gone() {
    lock.lock();
    try {
      gone = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the stream takes a message.
   *
   * @throws EnvironmentException PEER_UNAVAILABLE when the other side is gone or does not read
   */
  public void awaitReady() {
    lock.lock();
    try {
      long left = TimeUnit.SECONDS.toNanos(STALLED_SECONDS_MAX);
      while (!gone && !stream.isReady()) {
        if (left <= 0) {
          throw stopped("does not read");
        }
        left = changed.awaitNanos(left);
      }
      if (gone) {
        throw stopped("is gone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopped("was given up");
    } finally {
      lock.unlock();
    }
  }

  public void write(T message) {
    awaitReady();
    stream.onNext(message);
  }

  private static EnvironmentException stopped(String why) {
    return new EnvironmentException(Reason.PEER_UNAVAILABLE, "the reader of a stream " + why);
  }
}
