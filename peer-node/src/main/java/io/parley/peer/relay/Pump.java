package io.parley.peer.relay;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies bytes between a socket and a message stream, both ways at once, in constant memory: it
 * reads no more than the stream takes, and asks the stream for no more than the socket has taken.
 * Each way ends for itself. Thread-safe.
 */
public final class Pump {
  /** Most bytes of one piece. */
  public static final int PIECE_BYTES = 256 << 10;

  private static final Logger LOG = LoggerFactory.getLogger(Pump.class);
  private static final int PIECES_QUEUED_MAX = 4;
  private static final ByteString END = ByteString.EMPTY;

  /** The message stream's side. Calls may throw when the other side is gone. */
  public interface Stream {
    /** Waits until it takes a piece, and sends it. */
    void send(ByteString piece);

    /** No more comes this way. */
    void finish();

    /** Asks for one more piece of the other way. */
    void request();

    /** Gives the whole stream up. */
    void abort();
  }

  private final Descriptor socket;
  private final Stream stream;
  private final BlockingQueue<ByteString> arrived = new ArrayBlockingQueue<>(PIECES_QUEUED_MAX + 2);
  private final AtomicBoolean finished = new AtomicBoolean();
  private final AtomicBoolean cut = new AtomicBoolean();
  private int running = 2;

  /**
   * @param socket taken over; closed when both ways have ended
   */
  public Pump(Descriptor socket, Stream stream) {
    this.socket = socket;
    this.stream = stream;
  }

  /** Starts both ways; the threads must be platform threads. */
  public void start(ExecutorService threads) {
    threads.execute(this::outwards);
    threads.execute(this::inwards);
    for (int i = 0; i < PIECES_QUEUED_MAX; i++) {
      stream.request();
    }
  }

  /**
   * A piece has come from the stream; an empty one is the last. More than was asked for, or after
   * the last, ends it.
   */
  public void arrived(ByteString piece) {
    if (piece.isEmpty()) {
      finished();
    } else if (finished.get() || piece.size() > PIECE_BYTES || !arrived.offer(piece)) {
      cutOff();
    }
  }

  /** The stream's other side has finished its way; saying so again changes nothing. */
  public void finished() {
    if (finished.compareAndSet(false, true) && !arrived.offer(END)) {
      cutOff();
    }
  }

  private void cutOff() {
    if (cut.compareAndSet(false, true)) {
      LOG.atWarn().log("relay: the other host sends more than was asked for");
      stream.abort();
      broken();
    }
  }

  /** The stream is gone: both ways end. */
  public void broken() {
    socket.shutdown();
    arrived.clear();
    boolean unused = arrived.offer(END);
  }

  private void outwards() {
    try {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
      while (socket.read(piece.clear()) >= 0) {
        stream.send(ByteString.copyFrom(piece.flip()));
      }
      stream.finish();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("relay: outwards ended");
      stream.abort();
      broken();
    } finally {
      ended();
    }
  }

  private void inwards() {
    try {
      while (true) {
        ByteString piece = arrived.take();
        if (piece.isEmpty()) {
          socket.shutdownOutput();
          return;
        }
        socket.writeFully(piece.asReadOnlyByteBuffer());
        stream.request();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stream.abort();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("relay: inwards ended");
      stream.abort();
      socket.shutdown();
    } finally {
      ended();
    }
  }

  private synchronized void ended() {
    if (--running == 0) {
      socket.close();
    }
  }
}
