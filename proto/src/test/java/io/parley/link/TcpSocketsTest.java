package io.parley.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TcpSocketsTest {
  private static final Duration SOON = Duration.ofSeconds(5);

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void bytesGoBothWaysThroughDirectAndHeapBuffers(String host) throws IOException {
    InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(host), 0);
    try (TcpListener listener = listen(at);
        Descriptor client = TcpSockets.connect(listener.address(), SOON);
        Descriptor server = listener.accept(SOON)) {
      byte[] sent = new byte[3_000_000];
      new Random(2).nextBytes(sent);
      ByteBuffer direct = ByteBuffer.allocateDirect(sent.length).put(sent).flip();
      CompletableFuture<Void> writing = write(client.asChannel(), direct);
      ByteBuffer heap = ByteBuffer.allocate(sent.length);
      assertThat(server.readFully(heap)).isTrue();
      writing.join();
      assertThat(heap.array()).isEqualTo(sent);
      CompletableFuture<Void> back = write(server.asChannel(), heap.flip());
      assertThat(client.readFully(direct.clear())).isTrue();
      back.join();
      assertThat(direct.flip()).isEqualTo(ByteBuffer.wrap(sent));
    }
  }

  @Test
  void endOfStreamIsMinusOneAndAnAnswerStillArrives() throws IOException {
    try (TcpListener listener = listen(loopback());
        Descriptor client = TcpSockets.connect(listener.address(), SOON);
        Descriptor server = listener.accept(SOON)) {
      client.shutdownOutput();
      assertThat(server.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      server.write(ByteBuffer.wrap(new byte[] {9}));
      assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(1);
    }
  }

  @Test
  void silentPeerIsATimeout() throws IOException {
    try (TcpListener listener = listen(loopback());
        Descriptor client = TcpSockets.connect(listener.address(), SOON);
        Descriptor server = listener.accept(SOON)) {
      client.setTimeouts(Duration.ofMillis(30), Duration.ofMillis(30));
      assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
          .isInstanceOf(SocketTimeoutException.class);
      assertThatThrownBy(() -> client.writeFully(ByteBuffer.allocateDirect(64 << 20)))
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(server.isOpen()).isTrue();
    }
  }

  @Test
  void closingWakesAReader() throws Exception {
    try (TcpListener listener = listen(loopback());
        Descriptor client = TcpSockets.connect(listener.address(), SOON);
        Descriptor server = listener.accept(SOON)) {
      CompletableFuture<Integer> reading =
          CompletableFuture.supplyAsync(() -> {
            try {
              return client.read(ByteBuffer.allocateDirect(1));
            } catch (IOException e) {
              return -2;
            }
          });
      Thread.sleep(50);
      client.close();
      assertThat(reading.get(10, TimeUnit.SECONDS)).isNegative();
      assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
          .isInstanceOf(ClosedChannelException.class);
      assertThat(server.isOpen()).isTrue();
    }
  }

  @Test
  void nobodyListeningAndNobodyComingAreSaid() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), free);
    assertThatThrownBy(() -> TcpSockets.connect(nobody, SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("refused");
    try (TcpListener listener = listen(loopback())) {
      assertThatThrownBy(() -> listener.accept(Duration.ofMillis(20)))
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void closingWakesAnAcceptingThread() throws Exception {
    TcpListener listener = listen(loopback());
    CompletableFuture<Void> accepting =
        CompletableFuture.runAsync(() ->
            assertThatThrownBy(() -> listener.accept(Duration.ofSeconds(50)))
                .isInstanceOf(IOException.class));
    Thread.sleep(50);
    listener.close();
    accepting.get(10, TimeUnit.SECONDS);
  }

  private static CompletableFuture<Void> write(ByteChannel channel, ByteBuffer bytes) {
    return CompletableFuture.runAsync(() -> {
      try {
        channel.write(bytes);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    });
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static TcpListener listen(InetSocketAddress at) throws IOException {
    try {
      return TcpSockets.listen(at, 8);
    } catch (IOException e) {
      Assumptions.abort("no such address on this machine: " + at + ", " + e.getMessage());
      throw e;
    }
  }
}
