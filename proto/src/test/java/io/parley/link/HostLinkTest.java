package io.parley.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostLinkTest {
  @TempDir Path folder;
  private Descriptor rawLeft;
  private HostLink left;
  private HostLink right;

  @BeforeEach
  void connect() throws IOException {
    List<Descriptor> pair = Sockets.pair();
    rawLeft = pair.get(0);
    left = new HostLink(rawLeft);
    right = new HostLink(pair.get(1));
  }

  @AfterEach
  void close() {
    left.close();
    right.close();
  }

  @Test
  void framesArriveWholeAndInOrder() throws Exception {
    byte[] large = new byte[HostLink.MAX_FRAME_BYTES];
    new Random(1).nextBytes(large);
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(() -> {
          left.send(new byte[0]);
          left.send(large);
          left.send("last".getBytes(UTF_8));
        });
    assertThat(right.receive().frame()).isEmpty();
    assertThat(right.receive().frame()).isEqualTo(large);
    assertThat(right.receive().frame()).isEqualTo("last".getBytes(UTF_8));
    sent.get(10, TimeUnit.SECONDS);
  }

  @Test
  void descriptorsArriveOpenAndTheSenderKeepsItsOwn() throws IOException {
    Path file = Files.writeString(folder.resolve("rows"), "0123456789");
    try (Descriptor own = Descriptor.openForReading(file)) {
      left.send(new byte[] {1}, own);
      try (Received received = right.receive()) {
        Descriptor theirs = received.descriptors().getFirst();
        ByteBuffer bytes = ByteBuffer.allocateDirect(4);
        assertThat(theirs.readAt(bytes, 6)).isEqualTo(4);
        assertThat(UTF_8.decode(bytes.flip()).toString()).isEqualTo("6789");
        assertThat(theirs.size()).isEqualTo(10);
      }
      assertThat(own.size()).isEqualTo(10);
    }
  }

  @Test
  void fourDescriptorsPassAndFiveAreRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("rows"), "x");
    try (Descriptor one = Descriptor.openForReading(file)) {
      left.send(new byte[1], one, one, one, one);
      try (Received received = right.receive()) {
        assertThat(received.descriptors()).hasSize(4);
      }
      refused(Reason.TOO_MANY, () -> left.send(new byte[1], one, one, one, one, one));
    }
  }

  @Test
  void receivedDescriptorsAreCloseOnExec() throws IOException {
    try (Descriptor own = Descriptor.openForReading(folder)) {
      left.send(new byte[1], own);
      try (Received received = right.receive()) {
        int fd = received.descriptors().getFirst().acquire();
        String flags = Files.readString(Path.of("/proc/self/fdinfo/" + fd));
        received.descriptors().getFirst().release();
        long octal =
            Long.parseLong(
                flags
                    .lines()
                    .filter(l -> l.startsWith("flags"))
                    .findFirst()
                    .orElseThrow()
                    .split("\\s+")[1],
                8);
        assertThat(octal & 02000000).isNotZero();
      }
    }
  }

  @Test
  void lengthOfFourGibibytesIsRefusedBeforeAllocation() throws IOException {
    rawLeft.writeFully(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1}));
    refused(Reason.SIZE_LIMIT, right::receive);
    assertThat(right.isOpen()).isFalse();
  }

  @Test
  void lengthOneOverTheLimitIsRefused() throws IOException {
    rawLeft.writeFully(ByteBuffer.allocate(4).putInt(HostLink.MAX_FRAME_BYTES + 1).flip());
    refused(Reason.SIZE_LIMIT, right::receive);
    refused(Reason.SIZE_LIMIT, () -> left.send(new byte[HostLink.MAX_FRAME_BYTES + 1]));
  }

  @Test
  void frameCutAtAnyPlaceIsAClosedLink() throws IOException {
    byte[] frame = {0, 0, 0, 3, 7, 8, 9};
    for (int cut = 0; cut < frame.length; cut++) {
      List<Descriptor> pair = Sockets.pair();
      try (HostLink end = new HostLink(pair.get(1))) {
        pair.get(0).writeFully(ByteBuffer.wrap(frame, 0, cut));
        pair.get(0).close();
        refused(Reason.LINK_CLOSED, end::receive);
      }
    }
  }

  @Test
  void whatWasSaidBeforeTheOtherEndWentIsReceivedAlsoAfterAFailedSend() {
    right.send("first".getBytes(UTF_8));
    right.send("last word".getBytes(UTF_8));
    right.close();
    refused(Reason.LINK_CLOSED, () -> left.send(new byte[1]));
    refused(Reason.LINK_CLOSED, () -> left.send(new byte[1]));
    assertThat(left.receive().frame()).isEqualTo("first".getBytes(UTF_8));
    assertThat(left.receive().frame()).isEqualTo("last word".getBytes(UTF_8));
    refused(Reason.LINK_CLOSED, left::receive);
    assertThat(left.isOpen()).isFalse();
  }

  @Test
  void timeoutLeavesTheLinkUsable() {
    refused(Reason.TIMEOUT, () -> right.receive(Duration.ofMillis(20)));
    left.send(new byte[] {5});
    assertThat(right.receive(Duration.ofSeconds(5)).frame()).containsExactly(5);
  }

  @Test
  void closingWakesAThreadThatWaits() throws InterruptedException {
    CompletableFuture<Received> waiting = CompletableFuture.supplyAsync(right::receive);
    Thread.sleep(50);
    right.close();
    assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
        .cause()
        .hasMessageContaining("closed");
  }

  @Test
  void closingWakesAThreadThatSendsToAnEndThatStoppedReading() throws InterruptedException {
    CompletableFuture<Void> sending =
        CompletableFuture.runAsync(() -> {
          for (int i = 0; i < 100; i++) {
            left.send(new byte[HostLink.MAX_FRAME_BYTES]);
          }
        });
    Thread.sleep(50);
    left.close();
    assertThatThrownBy(() -> sending.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(ParleyException.class);
  }

  @Test
  void listenerTakesOneConnectionAndItsPathIsGone() throws IOException {
    Path path = folder.resolve("host.sock");
    int uid = (int) Files.getAttribute(folder, "unix:uid");
    try (HostLinkListener listener = HostLinkListener.bind(path)) {
      CompletableFuture<HostLink> connecting = connectTo(path);
      try (HostLink host = listener.accept(uid, Duration.ofSeconds(5));
          HostLink shim = connecting.join()) {
        shim.send(new byte[] {3});
        assertThat(host.receive().frame()).containsExactly(3);
        assertThat(host.peer().uid()).isEqualTo(uid);
        assertThat(host.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(path).doesNotExist();
        assertThatThrownBy(() -> HostLink.connect(path, Duration.ofSeconds(1)))
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void anotherUsersProcessIsRefused() throws IOException {
    Path path = folder.resolve("host.sock");
    int uid = (int) Files.getAttribute(folder, "unix:uid");
    try (HostLinkListener listener = HostLinkListener.bind(path)) {
      CompletableFuture<HostLink> connecting = connectTo(path);
      assertThatThrownBy(() -> listener.accept(uid + 1, Duration.ofSeconds(5)))
          .hasMessageContaining("expected user " + (uid + 1));
      connecting.join().close();
    }
  }

  @Test
  void nobodyConnectingIsATimeoutAndClosingWakesTheListener() throws Exception {
    try (HostLinkListener listener = HostLinkListener.bind(folder.resolve("a.sock"))) {
      assertThatThrownBy(() -> listener.accept(0, Duration.ofMillis(20)))
          .isInstanceOf(java.net.SocketTimeoutException.class);
    }
    HostLinkListener listener = HostLinkListener.bind(folder.resolve("b.sock"));
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(() ->
            assertThatThrownBy(() -> listener.accept(0, Duration.ofSeconds(50)))
                .isInstanceOf(IOException.class));
    Thread.sleep(50);
    listener.close();
    waiting.get(10, TimeUnit.SECONDS);
  }

  private static CompletableFuture<HostLink> connectTo(Path path) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return HostLink.connect(path, Duration.ofSeconds(5));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    });
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
