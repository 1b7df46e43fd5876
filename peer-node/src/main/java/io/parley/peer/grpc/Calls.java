package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.ParleyException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the services answer: one way to send a value, a failure, or a file. Stateless. */
public final class Calls {
  static final int CHUNK_BYTES = 256 << 10;

  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  private Calls() {}

  /** Answers a unary call with what {@code work} gives, or with its failure. */
  public static <T> void answer(StreamObserver<T> out, Supplier<T> work) {
    try {
      T value = work.get();
      out.onNext(value);
      out.onCompleted();
    } catch (RuntimeException e) {
      fail(out, e);
    }
  }

  /** Ends a call with a failure, if the caller is still there. */
  public static void fail(StreamObserver<?> out, Throwable failure) {
    if (!(failure instanceof ParleyException)) {
      LOG.atError().setCause(failure).log("a call failed");
    }
    try {
      out.onError(GrpcStatuses.toGrpc(failure));
    } catch (IllegalStateException e) {
      LOG.atDebug().log("the caller was gone before it could be told of a failure");
    }
  }

  /**
   * Sends a file in pieces, on another thread, as fast as the caller reads.
   *
   * @param delivered runs once all of it, and that it was all, has been handed to the network and
   *     the caller was still there
   */
  static <T> void sendFile(
      StreamObserver<T> out,
      Executor threads,
      Supplier<InputStream> open,
      Function<ByteString, T> message,
      Runnable delivered) {
    ServerCallStreamObserver<T> stream = (ServerCallStreamObserver<T>) out;
    FlowWriter<T> writer = new FlowWriter<>(stream);
    stream.setOnCancelHandler(writer::gone);
    AtomicBoolean whole = new AtomicBoolean();
    stream.setOnCloseHandler(() -> {
      if (whole.get()) {
        delivered.run();
      }
    });
    threads.execute(() -> {
      try (InputStream in = open.get()) {
        byte[] piece = new byte[CHUNK_BYTES];
        for (int count; (count = in.readNBytes(piece, 0, piece.length)) > 0; ) {
          writer.write(message.apply(ByteString.copyFrom(piece, 0, count)));
        }
        whole.set(true);
        out.onCompleted();
      } catch (IOException | RuntimeException e) {
        whole.set(false);
        fail(out, e);
      }
    });
  }

  /** As {@link #sendFile}, for what is written rather than read. */
  static <T> void sendWritten(
      StreamObserver<T> out,
      Executor threads,
      Consumer<OutputStream> write,
      Function<ByteString, T> message) {
    ServerCallStreamObserver<T> stream = (ServerCallStreamObserver<T>) out;
    FlowWriter<T> writer = new FlowWriter<>(stream);
    stream.setOnCancelHandler(writer::gone);
    threads.execute(() -> {
      OutputStream pieces =
          new OutputStream() {
            @Override
            public void write(int b) {
              write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
              writer.write(message.apply(ByteString.copyFrom(bytes, offset, length)));
            }
          };
      try (OutputStream buffered = new BufferedOutputStream(pieces, CHUNK_BYTES)) {
        write.accept(buffered);
        buffered.flush();
        out.onCompleted();
      } catch (IOException | RuntimeException e) {
        fail(out, e);
      }
    });
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
