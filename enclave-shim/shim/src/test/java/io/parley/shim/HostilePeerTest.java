package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import io.parley.shim.exchange.Exchange;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is between two enclaves, or at the other end, does not keep to the protocol. */
@Timeout(60)
class HostilePeerTest {
  @TempDir Path folder;

  /** What somebody in the middle does with a piece of the stream to the receiver. */
  interface Meddler {
    /**
     * @param at bytes that went before this piece
     * @return what goes on, or null to cut the connection
     */
    byte @org.jspecify.annotations.Nullable [] pass(long at, byte[] piece);
  }

  private ParleyException insurersFailureWith(Meddler meddler) throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.host("hospital").wires = (from, to, stream) -> between(meddler);
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      // Several records.
      job.host("hospital").give("admissions", TestJob.admissions(60_000));
      job.host("insurer").give("claims", TestJob.claims(5));
      ParleyException failure = job.host("insurer").failure();
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
      assertThat(job.host("insurer").results).isEmpty();
      assertThat(job.ended("hospital")).isFalse();
      return failure;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {45, 50, 100, 1000, 5000})
  void aFlippedBitIsNoticed(int position) throws Exception {
    ParleyException failure =
        insurersFailureWith((at, piece) -> {
          if (position >= at && position < at + piece.length) {
            piece[(int) (position - at)] ^= 1;
          }
          return piece;
        });

    assertThat(failure.reason()).isIn(Reason.INVALID_RECORD, Reason.PEER_UNAVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 41, 60, 1000, 8000})
  void aCutStreamIsNoticed(int position) throws Exception {
    ParleyException failure =
        insurersFailureWith((at, piece) ->
            at + piece.length <= position
                ? piece
                : at >= position ? null : java.util.Arrays.copyOf(piece, (int) (position - at)));

    assertThat(failure.reason())
        .isIn(Reason.INVALID_RECORD, Reason.PEER_PROTOCOL_BROKEN, Reason.PEER_UNAVAILABLE);
  }

  @Test
  void aRepeatedPieceIsNoticed() throws Exception {
    ParleyException failure =
        insurersFailureWith((at, piece) -> {
          if (at < 40 || at > 100_000) {
            return piece;
          }
          byte[] twice = java.util.Arrays.copyOf(piece, 2 * piece.length);
          System.arraycopy(piece, 0, twice, piece.length, piece.length);
          return twice;
        });

    assertThat(failure.reason())
        .isIn(Reason.INVALID_RECORD, Reason.PEER_PROTOCOL_BROKEN, Reason.PEER_UNAVAILABLE);
  }

  @Test
  void aLengthOfFourGibibytesIsRefusedWithoutMemory() throws Exception {
    ParleyException failure =
        insurersFailureWith((at, piece) -> {
          // The length of the first record, behind the hello; the two may come as one piece.
          for (int i = 40; i < 44; i++) {
            if (i >= at && i < at + piece.length) {
              piece[(int) (i - at)] = (byte) 0xFF;
            }
          }
          return piece;
        });

    assertThat(failure.reason()).isEqualTo(Reason.INVALID_RECORD);
  }

  @Test
  void aStreamOfAnotherJobDoesNotOpen() throws Exception {
    // Everything that the hospital's enclave sent in one job, played to the insurer's in another.
    AtomicReference<byte[]> recorded = new AtomicReference<>(new byte[0]);
    try (TestJob job = TestJob.ofTwo(folder.resolve("earlier"), 10)) {
      job.host("hospital").wires =
          (from, to, stream) ->
              between((at, piece) -> {
                recorded.updateAndGet(before -> {
                  byte[] all = java.util.Arrays.copyOf(before, before.length + piece.length);
                  System.arraycopy(piece, 0, all, before.length, piece.length);
                  return all;
                });
                return piece;
              });
      job.start();
      assertThat(job.ended("insurer")).isTrue();
    }

    ParleyException failure =
        insurersFailureWith((at, piece) -> at == 0 ? recorded.get() : new byte[0]);

    assertThat(failure.reason()).isEqualTo(Reason.INVALID_RECORD);
  }

  @Test
  void streamsUnderEachOthersNameDoNotOpen() throws Exception {
    TestWorld world = new TestWorld("alpha", "beta");
    var signed =
        world.agreement(
            TestJob.appDigest(folder),
            List.of(
                new io.parley.agreement.Dataset("a", "alpha", TestWorld.CLAIMS, List.of("beta")),
                new io.parley.agreement.Dataset("b", "alpha", TestWorld.CLAIMS, List.of("beta"))),
            List.of("beta"),
            List.of(new io.parley.agreement.ResultRule("summary", List.of("alpha"), 100)));
    try (TestJob job = TestJob.of(world, signed, folder)) {
      // The hosts connect a's sender to b's receiver, and the other way round.
      List<Descriptor> a = Sockets.pair();
      List<Descriptor> b = Sockets.pair();
      job.host("alpha").wires =
          (from, to, stream) ->
              stream.equals("dataset/a")
                  ? List.of(a.get(0), b.get(1))
                  : List.of(b.get(0), a.get(1));
      for (String party : List.of("alpha", "beta")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("alpha").give("a", TestJob.claims(10));
      job.host("alpha").give("b", TestJob.claims(10));

      assertThat(job.host("beta").failure().reason())
          .isIn(Reason.INVALID_RECORD, Reason.PEER_UNAVAILABLE);
    }
  }

  @Test
  void whoeverIsNoEnclaveIsRefused() throws Exception {
    ParleyException failure =
        insurersFailureWith((at, piece) ->
            at == 0
                ? "HTTP/1.1 200 OK\r\n\r\n"
                    .repeat(9)
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII)
                : piece);

    assertThat(failure.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
  }

  @Test
  void aPeerThatStopsReadingIsGivenUp() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.patience = new Exchange.Patience(Duration.ofSeconds(10), Duration.ofSeconds(1));
      // Nobody is at the other end, and it stays open.
      List<Descriptor> pair = Sockets.pair();
      List<Descriptor> unused = Sockets.pair();
      job.host("hospital").wires = (from, to, stream) -> List.of(pair.get(0), unused.get(1));
      job.start();

      assertThat(job.host("hospital").failure().reason()).isEqualTo(Reason.PEER_UNAVAILABLE);
      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.PEER_UNAVAILABLE);
      pair.get(1).close();
      unused.get(0).close();
    }
  }

  @Test
  void aPeerThatStopsReadingMidStreamIsGivenUp() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.patience = new Exchange.Patience(Duration.ofSeconds(10), Duration.ofSeconds(2));
      // From a point in the stream on, whoever carries it takes nothing more, and hangs up on
      // nobody.
      CountDownLatch ended = new CountDownLatch(1);
      AtomicBoolean stuck = new AtomicBoolean();
      job.host("hospital").wires =
          (from, to, stream) ->
              between((at, piece) -> {
                if (at > 200_000) {
                  stuck.set(true);
                  await(ended);
                }
                return piece;
              });
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      // Much more than the sockets on the way can hold.
      job.host("hospital").give("admissions", TestJob.admissions(600_000));
      job.host("insurer").give("claims", TestJob.claims(5));

      // TestJob waits 30 s; without the limit of 2 s it would be the job's hour.
      for (String party : List.of("hospital", "insurer")) {
        ParleyException failure = job.host(party).failure();
        assertThat(failure.reason()).isEqualTo(Reason.PEER_UNAVAILABLE);
        assertThat(failure).hasMessageContaining("dataset/admissions");
      }
      assertThat(stuck).isTrue();
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
      ended.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aChannelThatNeverComesIsGivenUp() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.patience = new Exchange.Patience(Duration.ofSeconds(1), Duration.ofSeconds(1));
      job.startShim("insurer");
      job.host("insurer").start();
      job.host("insurer").give("claims", TestJob.claims(5));

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
      assertThat(failure).hasMessageContaining("channel");
    }
  }

  @Test
  void anEnclaveThatFailsTellsTheOthersWhy() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("insurer").give("claims", TestJob.claims(5));
      // Good by its metadata, so that the stream begins; bad by its content.
      byte[] bad = TestJob.admissions(5000);
      overwriteText(bad);
      job.host("hospital").give("admissions", bad);

      assertThat(job.host("hospital").failure().reason()).isEqualTo(Reason.INVALID_DATASET);
      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_DATASET);
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
    }
  }

  /** Turns every "ward" of the last batch into something that is not UTF-8. */
  private static void overwriteText(byte[] file) {
    for (int i = file.length / 2; i < file.length - 4; i++) {
      if (file[i] == 'w'
          && file[i + 1] == 'a'
          && file[i + 2] == 'r'
          && file[i + 3] == 'd'
          && file[i + 4] == ' ') {
        file[i] = (byte) 0xFF;
      }
    }
  }

  /** A pair of sockets with somebody between them, who meddles with what the initiator sends. */
  private static List<Descriptor> between(Meddler meddler) throws IOException {
    List<Descriptor> left = Sockets.pair();
    List<Descriptor> right = Sockets.pair();
    pump(left.get(1), right.get(0), meddler);
    pump(right.get(0), left.get(1), (at, piece) -> piece);
    return List.of(left.get(0), right.get(1));
  }

  private static void pump(Descriptor from, Descriptor to, Meddler meddler) {
    Thread thread =
        new Thread(
            () -> {
              try (from;
                  to) {
                ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
                long at = 0;
                while (from.read(buffer.clear()) >= 0) {
                  byte[] piece = new byte[buffer.flip().remaining()];
                  buffer.get(piece);
                  byte[] changed = meddler.pass(at, piece);
                  if (changed == null) {
                    return;
                  }
                  to.writeFully(ByteBuffer.wrap(changed));
                  at += piece.length;
                }
              } catch (IOException e) {
                // One end is gone, and with it the other.
                return;
              }
            },
            "pump");
    thread.setDaemon(true);
    thread.start();
  }
}
