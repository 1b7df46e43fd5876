package io.parley.seal;

import static io.parley.seal.Scripted.CONTEXT;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two ends over a real socket, each in its thread. */
@Timeout(60)
class RecordChannelTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Secret key = key(1);
  private SocketChannel left;
  private SocketChannel right;

  @BeforeEach
  void connect() throws IOException {
    try (ServerSocketChannel server =
        ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
      left = SocketChannel.open(server.getLocalAddress());
      right = server.accept();
    }
  }

  @AfterEach
  void disconnect() throws Exception {
    left.close();
    right.close();
    threads.shutdownNow();
    assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 65_536, 262_144, 1_048_576})
  void stream_arrivesWhole(int recordBytes) throws Exception {
    byte[] data = random(recordBytes == 1 ? 5_000 : 3 * recordBytes + 17);
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.open(left, CONTEXT, key, RANDOM, true, recordBytes);
          channel.sender().write(ByteBuffer.wrap(data));
          channel.sender().finish();
          channel.awaitAcknowledgement();
          assertThat(channel.sender().sentBytes()).isEqualTo(data.length);
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);

    assertThat(Scripted.receiveAll(channel.receiver())).isEqualTo(data);
    assertThat(channel.receiver().receivedBytes()).isEqualTo(data.length);
    channel.acknowledge();
    sending.get();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 1_000, 65_536, 262_144})
  void directBuffers_carryTheSameAsCopies(int recordBytes) throws Exception {
    Random sizes = new Random(recordBytes);
    byte[] data = random(recordBytes < 1_000 ? 3_000 : 10 * recordBytes + 17);
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.open(left, CONTEXT, key, RANDOM, true, recordBytes);
          ByteBuffer rest = ByteBuffer.allocateDirect(data.length).put(data).flip();
          while (rest.hasRemaining()) {
            int count = Math.min(rest.remaining(), 1 + sizes.nextInt(3 * recordBytes));
            ByteBuffer piece = rest.slice(rest.position(), count);
            rest.position(rest.position() + count);
            channel.sender().write(sizes.nextInt(3) == 0 ? copyOf(piece) : piece);
            assertThat(piece.limit()).isEqualTo(count);
          }
          channel.sender().finish();
          channel.awaitAcknowledgement();
          assertThat(channel.sender().sentBytes()).isEqualTo(data.length);
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    ByteBuffer into = ByteBuffer.allocateDirect(data.length + 100);
    Random room = new Random(1);
    int count = 0;
    while (count >= 0) {
      into.limit(Math.min(into.capacity(), into.position() + 1 + room.nextInt(2 * recordBytes)));
      int before = into.position();
      count = channel.receiver().read(into);
      assertThat(into.position() - before).isEqualTo(Math.max(count, 0));
    }

    byte[] received = new byte[into.flip().limit()];
    into.get(received);
    assertThat(received).isEqualTo(data);
    assertThat(channel.receiver().receivedBytes()).isEqualTo(data.length);
    channel.acknowledge();
    sending.get();
  }

  @Test
  void longDirectBuffer_isSentWithoutACopy() {
    Scripted socket = new Scripted(Scripted.hello(Scripted.ACCEPTOR));
    RecordSender sender = RecordChannel.open(socket, CONTEXT, key, RANDOM, true, 100).sender();
    sender.write(ByteBuffer.allocateDirect(10));
    sender.write(ByteBuffer.allocateDirect(250));

    // What was copied before, then all of it; nothing is left behind.
    assertThat(Scripted.split(socket.sent.toByteArray()).stream().skip(1).map(r -> r.length - 21))
        .containsExactly(10, 100, 100, 50);
  }

  private static ByteBuffer copyOf(ByteBuffer direct) {
    return ByteBuffer.allocate(direct.remaining()).put(direct.duplicate()).flip();
  }

  @Test
  void emptyStream_endsAtOnce() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          channel.sender().flush();
          channel.sender().finish();
          channel.awaitAcknowledgement();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);

    assertThat(channel.receiver().receive()).isFalse();
    assertThat(channel.receiver().buffer().hasRemaining()).isFalse();
    channel.acknowledge();
    sending.get();
  }

  @Test
  void bytesWrittenIntoTheBuffer_arrive() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordSender sender = RecordChannel.initiate(left, CONTEXT, key, RANDOM).sender();
          for (long i = 0; i < 200_000; i++) {
            ByteBuffer buffer = sender.buffer();
            if (buffer.remaining() < Long.BYTES) {
              sender.flush();
            }
            sender.buffer().putLong(i);
          }
          sender.finish();
          return null;
        });
    RecordReceiver receiver = RecordChannel.accept(right, CONTEXT, key, RANDOM).receiver();
    long expected = 0;
    while (receiver.receive()) {
      while (receiver.buffer().hasRemaining()) {
        assertThat(receiver.buffer().getLong()).isEqualTo(expected++);
      }
    }

    assertThat(expected).isEqualTo(200_000);
    sending.get();
  }

  @Test
  void smallMessages_goBackAndForth() throws Exception {
    int rounds = 5_000;
    Future<Void> echoing =
        run(() -> {
          RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
          while (channel.receiver().receive()) {
            channel.sender().write(channel.receiver().buffer());
            channel.sender().flush();
          }
          channel.sender().finish();
          channel.acknowledge();
          channel.awaitAcknowledgement();
          return null;
        });
    RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
    for (int i = 0; i < rounds; i++) {
      channel.sender().buffer().putInt(i);
      channel.sender().flush();
      assertThat(channel.receiver().receive()).isTrue();
      assertThat(channel.receiver().buffer().getInt()).isEqualTo(i);
      assertThat(channel.receiver().buffer().hasRemaining()).isFalse();
    }
    channel.sender().finish();
    assertThat(channel.receiver().receive()).isFalse();
    channel.acknowledge();
    channel.awaitAcknowledgement();
    echoing.get();
  }

  @Test
  void bothDirectionsAtOnce_carryTheirOwn() throws Exception {
    byte[] there = random(5_000_000);
    byte[] back = random(4_000_000);
    Future<byte[]> atRight =
        run(() -> exchange(RecordChannel.accept(right, CONTEXT, key, RANDOM), back));
    byte[] atLeft = exchange(RecordChannel.initiate(left, CONTEXT, key, RANDOM), there);

    assertThat(atLeft).isEqualTo(back);
    assertThat(atRight.get()).isEqualTo(there);
  }

  private byte[] exchange(RecordChannel channel, byte[] data) throws Exception {
    Future<Void> sending =
        run(() -> {
          channel.sender().write(ByteBuffer.wrap(data));
          channel.sender().finish();
          return null;
        });
    byte[] received = Scripted.receiveAll(channel.receiver());
    channel.acknowledge();
    sending.get();
    channel.awaitAcknowledgement();
    return received;
  }

  @Test
  void channels_carryWhatStreamsWrite() throws Exception {
    byte[] data = random(1_000_000);
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          try (WritableByteChannel output = channel.sender().asOutputChannel()) {
            Channels.newOutputStream(output).write(data);
          }
          channel.sender().finish();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    try (ReadableByteChannel input = channel.receiver().asInputChannel()) {
      assertThat(Channels.newInputStream(input).readAllBytes()).isEqualTo(data);
    }
    sending.get();
  }

  @Test
  void closingTheOutputChannel_isNotTheEndOfTheStream() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          WritableByteChannel output = channel.sender().asOutputChannel();
          output.write(ByteBuffer.wrap(new byte[10]));
          output.close();
          assertThatThrownBy(() -> output.write(ByteBuffer.wrap(new byte[1])))
              .isInstanceOf(ClosedChannelException.class);
          channel.close();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);

    assertThat(channel.receiver().receive()).isTrue();
    assertThatThrownBy(() -> channel.receiver().receive())
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("was cut");
    sending.get();
  }

  @Test
  void receiverThatGivesUp_saysWhyToASenderThatHasFinished() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          channel.sender().write(ByteBuffer.wrap(new byte[100]));
          channel.sender().finish();
          channel.awaitAcknowledgement();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    assertThat(channel.receiver().receive()).isTrue();
    channel.abort(Reason.MEMORY_LIMIT);
    channel.close();

    assertThatThrownBy(sending::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MEMORY_LIMIT));
  }

  @Test
  void receiverThatGivesUpMidStream_saysWhyToASenderThatAsks() throws Exception {
    Future<ParleyException> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          try {
            while (true) {
              channel.sender().write(ByteBuffer.wrap(new byte[100_000]));
            }
          } catch (EnvironmentException e) {
            return channel.explain(e);
          }
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    assertThat(channel.receiver().receive()).isTrue();
    channel.abort(Reason.MEMORY_LIMIT);
    channel.close();

    assertThat(sending.get().reason()).isEqualTo(Reason.MEMORY_LIMIT);
  }

  @Test
  void senderThatGivesUp_saysWhy() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          channel.sender().write(ByteBuffer.wrap(new byte[100]));
          channel.sender().flush();
          channel.abort(Reason.CANCELLED);
          channel.close();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);

    assertThatThrownBy(() -> Scripted.receiveAll(channel.receiver()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED))
        .hasMessageContaining("gave up");
    sending.get();
  }

  @Test
  void senderIsNotBelievedWithoutAcknowledgement() throws Exception {
    Future<Void> sending =
        run(() -> {
          RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
          channel.sender().finish();
          channel.awaitAcknowledgement();
          return null;
        });
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    assertThat(channel.receiver().receive()).isFalse();
    channel.close();

    assertThatThrownBy(sending::get).cause().isInstanceOf(ParleyException.class);
  }

  @Test
  void acknowledgingBeforeTheEnd_isOurBug() throws Exception {
    Future<RecordChannel> other = run(() -> RecordChannel.initiate(left, CONTEXT, key, RANDOM));
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    other.get();

    assertThatThrownBy(channel::acknowledge).isInstanceOf(BugException.class);
  }

  @Test
  void sendingAfterTheEnd_isOurBug() throws Exception {
    Future<RecordChannel> other = run(() -> RecordChannel.initiate(left, CONTEXT, key, RANDOM));
    RecordChannel channel = RecordChannel.accept(right, CONTEXT, key, RANDOM);
    other.get();
    channel.sender().finish();

    assertThatThrownBy(() -> channel.sender().finish()).isInstanceOf(BugException.class);
  }

  @Test
  void closing_freesAThreadThatIsStuckSending() throws Exception {
    Future<RecordChannel> other = run(() -> RecordChannel.accept(right, CONTEXT, key, RANDOM));
    RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
    RecordChannel silent = other.get();
    Future<Void> sending =
        run(() -> {
          while (true) {
            channel.sender().write(ByteBuffer.wrap(new byte[100_000]));
          }
        });
    // Its peer reads nothing: it will be stuck in a full socket.
    Thread.sleep(300);
    channel.abort(Reason.CANCELLED);
    channel.close();

    assertThatThrownBy(() -> sending.get(20, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(EnvironmentException.class);
    silent.close();
  }

  @Test
  void closing_freesAThreadThatIsStuckReceiving() throws Exception {
    Future<RecordChannel> other = run(() -> RecordChannel.accept(right, CONTEXT, key, RANDOM));
    RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
    other.get();
    Future<Boolean> receiving = run(() -> channel.receiver().receive());
    Thread.sleep(200);
    channel.close();

    assertThatThrownBy(() -> receiving.get(20, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(EnvironmentException.class);
  }

  @Test
  void peerThatHangsUpDuringTheHandshake_isReported() throws Exception {
    right.close();

    assertThatThrownBy(() -> RecordChannel.initiate(left, CONTEXT, key, RANDOM))
        .isInstanceOf(ParleyException.class);
  }

  @Test
  void closedChannel_sendsAndReceivesNothing() throws Exception {
    Future<RecordChannel> other = run(() -> RecordChannel.accept(right, CONTEXT, key, RANDOM));
    RecordChannel channel = RecordChannel.initiate(left, CONTEXT, key, RANDOM);
    other.get();
    channel.close();
    channel.close();

    assertThatThrownBy(() -> channel.sender().finish()).isInstanceOf(EnvironmentException.class);
    assertThatThrownBy(() -> channel.receiver().receive()).isInstanceOf(EnvironmentException.class);
  }

  @Test
  void randomSizedRecords_giveTheSameDigest() throws Exception {
    Random sizes = new Random(7);
    MessageDigest expected = MessageDigest.getInstance("SHA-256");
    Future<Void> sending =
        run(() -> {
          RecordSender sender = RecordChannel.initiate(left, CONTEXT, key, RANDOM).sender();
          for (int i = 0; i < 500; i++) {
            byte[] piece = random(sizes.nextInt(1 << sizes.nextInt(1, 19)));
            expected.update(piece);
            sender.write(ByteBuffer.wrap(piece));
            if (sizes.nextBoolean()) {
              sender.flush();
            }
          }
          sender.finish();
          return null;
        });
    RecordReceiver receiver = RecordChannel.accept(right, CONTEXT, key, RANDOM).receiver();
    MessageDigest actual = MessageDigest.getInstance("SHA-256");
    while (receiver.receive()) {
      actual.update(receiver.buffer());
    }
    sending.get();

    assertThat(actual.digest()).isEqualTo(expected.digest());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1_048_577})
  void strangeRecordSizes_areRefused(int recordBytes) {
    assertThatThrownBy(() -> RecordChannel.open(left, CONTEXT, key, RANDOM, true, recordBytes))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void cipher_sealsNoMoreThanItsShareOfRecords() {
    RecordCipher cipher = RecordCipher.derive(key, ByteString.EMPTY, ByteString.EMPTY);
    cipher.skipTo(Records.MAX_RECORDS - 1);
    ByteBuffer to = ByteBuffer.allocateDirect(100);

    cipher.seal(new byte[5], ByteBuffer.allocateDirect(1), to);

    assertThatThrownBy(() -> cipher.seal(new byte[5], ByteBuffer.allocateDirect(1), to.clear()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SIZE_LIMIT));
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private <T> Future<T> run(Callable<T> action) {
    return threads.submit(action);
  }
}
