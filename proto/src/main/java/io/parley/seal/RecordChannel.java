package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;

/**
 * A sealed channel between two enclaves over one connected stream socket that hosts may read,
 * change, cut, or connect to somebody else (deploy/docs/protocol.md, "Record layer").
 *
 * <p>Guarantees secrecy and integrity of the bytes, their order, and their end, in each direction,
 * against everybody without the key. Not guaranteed: that anything arrives; that lengths and timing
 * stay hidden; who, of those who were granted the key, the other end is.
 *
 * <p>For one stream of data: the one side sends, finishes, and {@link #awaitAcknowledgement()}; the
 * other receives to the end, checks, and {@link #acknowledge()}. For messages back and forth: both
 * send, flush and receive as they like.
 *
 * <p>The socket must block. One thread may send while another receives; timeouts are the caller's,
 * by closing.
 */
public final class RecordChannel implements AutoCloseable {
  /**
   * Plaintext bytes of a full record, unless told otherwise. Caches would like less; but an enclave
   * is a young process, where each record's Java code costs more than that.
   */
  public static final int DEFAULT_RECORD_BYTES = 1 << 20;

  /** Most plaintext bytes in a record. */
  public static final int MAX_RECORD_BYTES = Records.MAX_PLAINTEXT_BYTES;

  static final byte[] MAGIC = "PARLEYC".getBytes(StandardCharsets.US_ASCII);
  static final byte VERSION = 1;
  static final int RANDOM_SIZE_BYTES = 32;
  static final int HELLO_SIZE_BYTES = MAGIC.length + 1 + RANDOM_SIZE_BYTES;

  private final ByteChannel socket;
  private final RecordSender sender;
  private final RecordReceiver receiver;

  private RecordChannel(ByteChannel socket, RecordSender sender, RecordReceiver receiver) {
    this.socket = socket;
    this.sender = sender;
    this.receiver = receiver;
  }

  /**
   * Shakes hands, as the side that asked for the channel.
   *
   * @param key the dataset's key for a stream of that dataset, else the job's; read here only
   * @throws RefusedException PEER_PROTOCOL_BROKEN when the other side speaks something else
   * @throws EnvironmentException PEER_UNAVAILABLE when the socket broke
   */
  public static RecordChannel initiate(
      ByteChannel socket, ChannelContext context, Secret key, SecureRandom random) {
    return open(socket, context, key, random, true, DEFAULT_RECORD_BYTES);
  }

  /** Shakes hands, as the other side. */
  public static RecordChannel accept(
      ByteChannel socket, ChannelContext context, Secret key, SecureRandom random) {
    return open(socket, context, key, random, false, DEFAULT_RECORD_BYTES);
  }

  /** Either, with {@code recordBytes} of plaintext in a full record that this side sends. */
  public static RecordChannel open(
      ByteChannel socket,
      ChannelContext context,
      Secret key,
      SecureRandom random,
      boolean initiator,
      int recordBytes) {
    if (recordBytes < 1 || recordBytes > MAX_RECORD_BYTES) {
      throw new IllegalArgumentException("recordBytes " + recordBytes);
    }
    byte[] mine = new byte[RANDOM_SIZE_BYTES];
    random.nextBytes(mine);
    ByteString ours = ByteString.copyFrom(mine);
    ByteString theirs = exchangeHellos(socket, context.stream(), ours);
    ByteString salt = initiator ? ours.concat(theirs) : theirs.concat(ours);
    RecordCipher towardsAcceptor = RecordCipher.derive(key, salt, context.towardsAcceptor());
    RecordCipher towardsInitiator = RecordCipher.derive(key, salt, context.towardsInitiator());
    RecordSender sender =
        new RecordSender(
            socket, context.stream(), initiator ? towardsAcceptor : towardsInitiator, recordBytes);
    return new RecordChannel(
        socket,
        sender,
        new RecordReceiver(
            socket, context.stream(), initiator ? towardsInitiator : towardsAcceptor, sender));
  }

  public RecordSender sender() {
    return sender;
  }

  public RecordReceiver receiver() {
    return receiver;
  }

  /** Once {@code receive} has said false: tells the other side that all of it has arrived. */
  public void acknowledge() {
    receiver.acknowledge();
  }

  /**
   * Once finished: waits until the other side has said that all of it has arrived. Belongs to the
   * receiving thread; receive everything that the other side sends first.
   *
   * @throws RefusedException with the other side's reason when that gave up; PEER_PROTOCOL_BROKEN
   *     when it counts otherwise, or sends data instead
   */
  public void awaitAcknowledgement() {
    receiver.awaitAcknowledgement();
  }

  /** Tells the other side why nothing more will come, as well as that still works. */
  public void abort(Reason reason) {
    try {
      sender.abort(reason);
    } catch (EnvironmentException e) {
      // It learns from the end of the connection instead.
    }
  }

  /**
   * The better explanation of a failure to send: the other side's reason for giving up when that
   * has arrived, else {@code failure} itself. Belongs to the receiving thread.
   */
  public ParleyException explain(ParleyException failure) {
    if (failure.reason() != Reason.PEER_UNAVAILABLE) {
      return failure;
    }
    try {
      receiver.awaitAcknowledgement();
      return failure;
    } catch (ParleyException e) {
      return switch (e.reason()) {
        case PEER_UNAVAILABLE, INVALID_RECORD, PEER_PROTOCOL_BROKEN -> failure;
        default -> e;
      };
    }
  }

  /** Wipes the buffers and closes the socket. The other side takes it for a cut if not finished. */
  @Override
  public void close() {
    try {
      // First, so that a thread which is stuck in it comes free.
      socket.close();
    } catch (IOException e) {
      // Nothing is lost: what had to arrive was acknowledged.
    }
    sender.close();
    receiver.close();
  }

  private static ByteString exchangeHellos(ByteChannel socket, String stream, ByteString random) {
    try {
      ByteBuffer hello = ByteBuffer.allocateDirect(HELLO_SIZE_BYTES);
      hello.put(MAGIC).put(VERSION).put(random.asReadOnlyByteBuffer()).flip();
      while (hello.hasRemaining()) {
        socket.write(hello);
      }
      hello.clear();
      while (hello.hasRemaining()) {
        if (socket.read(hello) <= 0) {
          throw broken(stream, "the connection ended during the handshake");
        }
      }
      return checkHello(stream, hello.flip(), random);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.PEER_UNAVAILABLE,
          "stream %s broke during the handshake: %s".formatted(stream, e.getMessage()),
          Map.of("stream", stream),
          e);
    }
  }

  private static ByteString checkHello(String stream, ByteBuffer hello, ByteString ours) {
    byte[] magic = new byte[MAGIC.length];
    hello.get(magic);
    byte version = hello.get();
    if (!Arrays.equals(magic, MAGIC)) {
      throw broken(stream, "what answered is not the other enclave's record layer");
    }
    if (version != VERSION) {
      throw broken(stream, "record layer version %d; expected %d".formatted(version, VERSION));
    }
    ByteString theirs = ByteString.copyFrom(hello);
    if (theirs.equals(ours)) {
      throw broken(stream, "our own handshake came back");
    }
    return theirs;
  }

  private static RefusedException broken(String stream, String what) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "stream %s: %s".formatted(stream, what),
        Map.of("stream", stream));
  }
}
