package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.parley.transport.Channels;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends a file in pieces, never more than the other side takes: memory stays constant. For one use.
 *
 * @param <Q> request
 * @param <R> response
 */
final class Upload<Q, R> {
  private static final int CHUNK_BYTES = 256 << 10;

  private final Object lock = new Object();
  private @Nullable ClientCallStreamObserver<Q> call;
  private @Nullable R response;
  private @Nullable Throwable failure;
  private boolean ended;

  /** What the stub wants. */
  StreamObserver<R> response() {
    return new ClientResponseObserver<Q, R>() {
      @Override
      public void beforeStart(ClientCallStreamObserver<Q> stream) {
        synchronized (lock) {
          call = stream;
        }
        stream.setOnReadyHandler(Upload.this::wake);
      }

      @Override
      public void onNext(R value) {
        synchronized (lock) {
          response = value;
        }
      }

      @Override
      public void onError(Throwable t) {
        synchronized (lock) {
          failure = t;
          ended = true;
          lock.notifyAll();
        }
      }

      @Override
      public void onCompleted() {
        synchronized (lock) {
          ended = true;
          lock.notifyAll();
        }
      }
    };
  }

  /** Sends everything and returns the answer. */
  R send(
      StreamObserver<Q> requests,
      @Nullable Q first,
      InputStream in,
      Function<ByteString, Q> piece,
      Progress progress)
      throws IOException {
    if (first != null) {
      requests.onNext(first);
    }
    long sent = 0;
    byte[] chunk = new byte[CHUNK_BYTES];
    for (int n = in.readNBytes(chunk, 0, CHUNK_BYTES);
        n > 0 && awaitReady();
        n = in.readNBytes(chunk, 0, CHUNK_BYTES)) {
      requests.onNext(piece.apply(ByteString.copyFrom(chunk, 0, n)));
      sent += n;
      progress.at(sent, "");
    }
    synchronized (lock) {
      if (!ended) {
        requests.onCompleted();
      }
      while (!ended) {
        await();
      }
      return answer();
    }
  }

  private R answer() {
    if (failure != null) {
      throw Channels.failure(failure, Reason.PEER_UNAVAILABLE);
    }
    if (response == null) {
      throw new EnvironmentException(Reason.PEER_UNAVAILABLE, "the node ended without an answer");
    }
    return response;
  }

  /** False when the call is over already. */
  private boolean awaitReady() {
    synchronized (lock) {
      while (!ended && (call == null || !call.isReady())) {
        await();
      }
      return !ended;
    }
  }

  private void wake() {
    synchronized (lock) {
      lock.notifyAll();
    }
  }

  private void await() {
    try {
      lock.wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.CANCELLED, "interrupted");
    }
  }
}
