package io.parley.peer.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever does not read stops who sends: by bytes counted, not by time. */
class PumpTest {
  private static final int PIECES = 64;
  // Pieces asked for, one on its way, and what the kernel's socket buffers hold.
  private static final int PIECES_UNREAD_MAX = 16;
  private static final ByteString PIECE = ByteString.copyFrom(new byte[Pump.PIECE_BYTES]);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Stream stream = new Stream();
  private Descriptor enclave;
  private Pump pump;

  /** Takes a piece for every permit; counts. */
  private static final class Stream implements Pump.Stream {
    private final Semaphore takes = new Semaphore(0);
    private final Semaphore asked = new Semaphore(0);
    private final AtomicLong bytesTaken = new AtomicLong();
    private final AtomicBoolean finished = new AtomicBoolean();
    private final AtomicBoolean aborted = new AtomicBoolean();

    @Override
    public void send(ByteString piece) {
      takes.acquireUninterruptibly();
      bytesTaken.addAndGet(piece.size());
    }

    @Override
    public void finish() {
      finished.set(true);
    }

    @Override
    public void request() {
      asked.release();
    }

    @Override
    public void abort() {
      aborted.set(true);
    }
  }

  @BeforeEach
  void start() throws IOException {
    List<Descriptor> pair = Sockets.pair();
    enclave = pair.getFirst();
    pump = new Pump(pair.getLast(), stream);
    pump.start(threads);
  }

  @AfterEach
  void stop() {
    stream.takes.release(1 << 20);
    pump.broken();
    enclave.close();
    threads.shutdownNow();
  }

  @Test
  void anEnclaveThatDoesNotReadIsSentNoMore() throws Exception {
    int sent = sendWhileAsked(PIECES);
    assertThat(sent).isBetween(1, PIECES_UNREAD_MAX);

    AtomicLong read = new AtomicLong();
    threads.execute(() -> readAll(read));
    while (sent < PIECES) {
      assertThat(stream.asked.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
      pump.arrived(PIECE);
      sent++;
    }
    pump.finished();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> read.get() == (long) PIECES * Pump.PIECE_BYTES);
    assertThat(stream.aborted).isFalse();
  }

  /** Until it has not been asked for a second: that is the end of it, or a slow machine. */
  private int sendWhileAsked(int most) throws InterruptedException {
    int sent = 0;
    while (sent < most && stream.asked.tryAcquire(1, TimeUnit.SECONDS)) {
      pump.arrived(PIECE);
      sent++;
    }
    return sent;
  }

  @Test
  void aHostThatSendsMoreThanWasAskedForIsCutOff() {
    for (int i = 0; i < PIECES; i++) {
      pump.arrived(PIECE);
    }
    AtomicLong read = new AtomicLong();
    threads.execute(() -> readAll(read));
    await().atMost(Duration.ofSeconds(30)).until(stream.aborted::get);
    assertThat(read.get()).isLessThan((long) PIECES_UNREAD_MAX * Pump.PIECE_BYTES);
  }

  @Test
  void aPieceAfterTheLastIsCutOff() {
    pump.arrived(ByteString.EMPTY);
    pump.arrived(PIECE);
    stream.takes.release(PIECES);
    await().atMost(Duration.ofSeconds(30)).until(stream.finished::get);
    assertThat(stream.bytesTaken.get()).isZero();
  }

  @Test
  void anEnclaveIsStoppedByAStreamThatTakesNothing() {
    AtomicLong written = new AtomicLong();
    threads.execute(() -> writeAll(written));
    AtomicLong before = new AtomicLong(-1);
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> written.get() > 0 && before.getAndSet(written.get()) == written.get());
    assertThat(written.get()).isLessThan((long) PIECES_UNREAD_MAX * Pump.PIECE_BYTES);

    stream.takes.release(1 << 20);
    await().atMost(Duration.ofSeconds(30)).until(stream.finished::get);
    assertThat(stream.bytesTaken.get()).isEqualTo((long) PIECES * Pump.PIECE_BYTES);
  }

  private void writeAll(AtomicLong written) {
    try {
      ByteBuffer small = ByteBuffer.allocate(64 << 10);
      for (int i = 0; i < PIECES * Pump.PIECE_BYTES / small.capacity(); i++) {
        enclave.writeFully(small.clear());
        written.addAndGet(small.capacity());
      }
      enclave.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void readAll(AtomicLong read) {
    try {
      ByteBuffer piece = ByteBuffer.allocate(64 << 10);
      while (enclave.read(piece.clear()) >= 0) {
        read.addAndGet(piece.position());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
