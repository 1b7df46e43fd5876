package io.parley.seal;

import static io.parley.seal.Scripted.CONTEXT;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The other end dies, or somebody sits on the wire between. */
@Timeout(120)
class RecordChannelKillTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Secret key = key(1);

  @AfterEach
  void stop() throws InterruptedException {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
  }

  /** The process that gets killed: sends for ever. */
  static final class EndlessSender {
    private EndlessSender() {}

    public static void main(String[] arguments) throws IOException {
      SocketChannel socket =
          SocketChannel.open(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
      RecordChannel channel = RecordChannel.initiate(socket, CONTEXT, key(1), RANDOM);
      while (true) {
        channel.sender().write(ByteBuffer.wrap(new byte[100_000]));
      }
    }
  }

  @Test
  void senderKilledMidStream_isACutAndNotAnEnd() throws Exception {
    try (ServerSocketChannel server = listen()) {
      Process sender = start(EndlessSender.class, port(server));
      try (SocketChannel socket = server.accept();
          RecordChannel channel = RecordChannel.accept(socket, CONTEXT, key, RANDOM)) {
        assertThat(channel.receiver().receive()).isTrue();
        sender.destroyForcibly();

        assertThatThrownBy(() -> Scripted.receiveAll(channel.receiver()))
            .isInstanceOfSatisfying(
                ParleyException.class,
                e -> assertThat(e.reason()).isIn(Reason.INVALID_RECORD, Reason.PEER_UNAVAILABLE));
      } finally {
        sender.destroyForcibly();
        assertThat(sender.waitFor(20, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void wireThatCutsBytesIntoOddPieces_changesNothing() throws Exception {
    byte[] data = new byte[300_000];
    new Random(1).nextBytes(data);
    try (Wire wire = new Wire(new Random(2), -1)) {
      Future<Void> sending = send(wire.initiatorSide, data);
      try (RecordChannel channel = RecordChannel.accept(wire.acceptorSide, CONTEXT, key, RANDOM)) {
        assertThat(Scripted.receiveAll(channel.receiver())).isEqualTo(data);
        channel.acknowledge();
        sending.get();
      }
    }
  }

  @Test
  void wireThatChangesOneByteAnywhere_isNoticed() throws Exception {
    byte[] data = new byte[20_000];
    Random random = new Random(3);
    for (int i = 0; i < 40; i++) {
      int at = random.nextInt(data.length);
      try (Wire wire = new Wire(new Random(i), at)) {
        Future<Void> sending = send(wire.initiatorSide, data);
        Throwable atReceiver =
            catchThrowable(() -> {
              try (RecordChannel channel =
                  RecordChannel.accept(wire.acceptorSide, CONTEXT, key, RANDOM)) {
                byte[] unused = Scripted.receiveAll(channel.receiver());
                channel.acknowledge();
              }
            });

        assertThat(atReceiver).as("byte %d", at).isInstanceOf(ParleyException.class);
        assertThat(catchThrowable(sending::get).getCause()).isInstanceOf(ParleyException.class);
      }
    }
  }

  private Future<Void> send(SocketChannel socket, byte[] data) {
    return threads.submit(() -> {
      try (RecordChannel channel = RecordChannel.open(socket, CONTEXT, key, RANDOM, true, 1000)) {
        channel.sender().write(ByteBuffer.wrap(data));
        channel.sender().finish();
        channel.awaitAcknowledgement();
      }
      return null;
    });
  }

  /**
   * Two connections and somebody between, who passes bytes on in odd pieces, and may change one.
   */
  private final class Wire implements AutoCloseable {
    final SocketChannel initiatorSide;
    final SocketChannel acceptorSide;
    private final SocketChannel middleLeft;
    private final SocketChannel middleRight;

    Wire(Random random, int change) throws IOException {
      try (ServerSocketChannel server = listen()) {
        initiatorSide = SocketChannel.open(server.getLocalAddress());
        middleLeft = server.accept();
        middleRight = SocketChannel.open(server.getLocalAddress());
        acceptorSide = server.accept();
      }
      Future<?> there = threads.submit(() -> pump(middleLeft, middleRight, random, change));
      Future<?> back = threads.submit(() -> pump(middleRight, middleLeft, new Random(9), -1));
      assertThat(there).isNotSameAs(back);
    }

    private static void pump(SocketChannel from, SocketChannel to, Random random, int change) {
      long count = 0;
      try (from;
          to) {
        ByteBuffer piece = ByteBuffer.allocate(5_000);
        while (from.read(piece.clear().limit(1 + random.nextInt(5_000))) >= 0) {
          piece.flip();
          long at = change - count;
          if (at >= 0 && at < piece.limit()) {
            piece.put((int) at, (byte) (piece.get((int) at) ^ 0x40));
          }
          count += piece.limit();
          while (piece.hasRemaining()) {
            to.write(piece);
          }
        }
      } catch (IOException e) {
        // One end is gone; closing tells the other.
      }
    }

    @Override
    public void close() throws IOException {
      for (SocketChannel socket : List.of(initiatorSide, middleLeft, middleRight, acceptorSide)) {
        socket.close();
      }
    }
  }

  private static ServerSocketChannel listen() throws IOException {
    return ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
  }

  private static int port(ServerSocketChannel server) throws IOException {
    return ((InetSocketAddress) server.getLocalAddress()).getPort();
  }

  private static Process start(Class<?> main, int port) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            Integer.toString(port))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
