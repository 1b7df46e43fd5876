package io.parley.peer.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A caller that opens a file and does not read it costs a piece of memory, not the file. */
class SlowReaderTest {
  private static final long FILE_BYTES = 64L << 20;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicLong read = new AtomicLong();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** Ready until it holds this much. */
  private static final class Caller extends ServerCallStreamObserver<ByteString> {
    private long holds;
    private long window;
    private boolean completed;
    private boolean failed;
    private Runnable ready = () -> {};
    private Runnable cancelled = () -> {};

    Caller(long window) {
      this.window = window;
    }

    void reads(long more) {
      synchronized (this) {
        window += more;
      }
      ready.run();
    }

    synchronized long holds() {
      return holds;
    }

    synchronized boolean completed() {
      return completed;
    }

    synchronized boolean failed() {
      return failed;
    }

    @Override
    public synchronized boolean isReady() {
      return holds < window;
    }

    @Override
    public synchronized void onNext(ByteString piece) {
      holds += piece.size();
    }

    @Override
    public synchronized void onError(Throwable failure) {
      failed = true;
    }

    @Override
    public synchronized void onCompleted() {
      completed = true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
      ready = handler;
    }

    @Override
    public void setOnCloseHandler(Runnable handler) {
      // Nobody closes this one.
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
      cancelled = handler;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

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

  /** A file of zeros that counts what is read of it. */
  private InputStream file() {
    return new InputStream() {
      private long left = FILE_BYTES;

      @Override
      public int read() {
        throw new UnsupportedOperationException("one byte at a time");
      }

      @Override
      public int read(byte[] into, int offset, int length) {
        int count = (int) Math.min(length, left);
        left -= count;
        read.addAndGet(count);
        return count == 0 && length > 0 ? -1 : count;
      }
    };
  }

  private Caller send(long window) {
    Caller caller = new Caller(window);
    Calls.sendFile(caller, threads, this::file, piece -> piece, () -> {});
    return caller;
  }

  @Test
  void whatIsNotTakenIsNotReadFromTheDisk() {
    Caller slow = send(1);
    // One piece was taken, and the next is at hand.
    await().atMost(Duration.ofSeconds(30)).until(() -> read.get() == 2L * Calls.CHUNK_BYTES);
    assertThat(slow.holds()).isEqualTo(Calls.CHUNK_BYTES);

    Caller quick = send(Long.MAX_VALUE);
    await().atMost(Duration.ofSeconds(30)).until(quick::completed);
    assertThat(quick.holds()).isEqualTo(FILE_BYTES);
    assertThat(read.get()).isEqualTo(FILE_BYTES + 2L * Calls.CHUNK_BYTES);
    assertThat(slow.holds()).isEqualTo(Calls.CHUNK_BYTES);

    slow.reads(FILE_BYTES);
    await().atMost(Duration.ofSeconds(30)).until(slow::completed);
    assertThat(slow.holds()).isEqualTo(FILE_BYTES);
  }

  @Test
  void aCallerThatGoesAwayFreesItsThread() {
    Caller slow = send(1);
    await().atMost(Duration.ofSeconds(30)).until(() -> read.get() == 2L * Calls.CHUNK_BYTES);
    slow.cancelled.run();
    await().atMost(Duration.ofSeconds(30)).until(slow::failed);
    assertThat(read.get()).isEqualTo(2L * Calls.CHUNK_BYTES);
  }
}
