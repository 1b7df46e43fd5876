package io.parley.seal;

import static io.parley.seal.Scripted.ACCEPTOR;
import static io.parley.seal.Scripted.CONTEXT;
import static io.parley.seal.Scripted.INITIATOR;
import static io.parley.seal.Scripted.acceptor;
import static io.parley.seal.Scripted.hello;
import static io.parley.seal.Scripted.initiatorSays;
import static io.parley.seal.Scripted.join;
import static io.parley.seal.Scripted.receiveAll;
import static io.parley.seal.Scripted.split;
import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB;
import static io.parley.seal.SealFixtures.fixedRandom;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host can do to the bytes between two enclaves, and that none of it passes. */
class RecordTamperingTest {
  private static final Secret KEY = key(1);
  private static final byte[] ONE = "first record".getBytes(StandardCharsets.UTF_8);
  private static final byte[] TWO = "second record".getBytes(StandardCharsets.UTF_8);
  private static final byte[] THREE = "the last".getBytes(StandardCharsets.UTF_8);

  private final byte[] transcript = initiatorSays(CONTEXT, KEY, RecordTamperingTest::say);
  private final List<byte[]> parts = split(transcript);

  private static void say(RecordSender sender) {
    sender.write(ByteBuffer.wrap(ONE));
    sender.flush();
    sender.write(ByteBuffer.wrap(TWO));
    sender.flush();
    sender.write(ByteBuffer.wrap(THREE));
    sender.finish();
  }

  @Test
  void untouched_itArrives() {
    assertThat(receiveAll(acceptor(transcript, KEY).receiver()))
        .isEqualTo(join(List.of(ONE, TWO, THREE)));
    assertThat(parts).hasSize(4);
  }

  @Test
  void everyFlippedBit_isRefused() {
    for (int i = 0; i < transcript.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] changed = transcript.clone();
        changed[i] ^= (byte) (1 << bit);
        assertRefused(changed);
      }
    }
  }

  @Test
  void recordThatDoesNotOpen_leavesNothingWhereItWasToBeOpened() {
    byte[] changed = transcript.clone();
    // The tag of the second record: its plaintext was there before it was found wrong.
    changed[changed.length - parts.get(3).length - 1] ^= 1;
    RecordReceiver receiver = acceptor(changed, KEY).receiver();
    ByteBuffer into = ByteBuffer.allocateDirect(100);
    assertThat(receiver.read(into)).isEqualTo(ONE.length);
    Throwable first = catchThrowable(() -> receiver.read(into));

    assertThat(first).isInstanceOf(RefusedException.class);
    assertThat(into.position()).isEqualTo(ONE.length);
    assertThat(into.limit()).isEqualTo(100);
    while (into.hasRemaining()) {
      assertThat(into.get()).isZero();
    }
    assertThat(catchThrowable(() -> receiver.read(into.clear()))).isSameAs(first);
  }

  @Test
  void everyFlippedBit_isRefusedWhenOpenedInPlace() {
    for (int i = 0; i < transcript.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] changed = transcript.clone();
        changed[i] ^= (byte) (1 << bit);
        assertThat(catchThrowable(() -> readAll(acceptor(changed, KEY).receiver())))
            .isInstanceOf(RefusedException.class);
      }
    }
    assertThat(readAll(acceptor(transcript, KEY).receiver()))
        .isEqualTo(ByteBuffer.wrap(join(List.of(ONE, TWO, THREE))));
  }

  private static ByteBuffer readAll(RecordReceiver receiver) {
    ByteBuffer into = ByteBuffer.allocateDirect(100);
    while (receiver.read(into) >= 0) {
      assertThat(into.hasRemaining()).isTrue();
    }
    return into.flip();
  }

  @Test
  void everyCut_isRefused() {
    for (int length = 0; length < transcript.length; length++) {
      assertRefused(Arrays.copyOf(transcript, length));
    }
  }

  @Test
  void cutBetweenRecords_isSaidToBeOne() {
    assertThat(refusal(join(parts.subList(0, 3))))
        .hasMessageContaining("was cut")
        .hasMessageContaining("between two records");
  }

  @Test
  void swappedRecords_areRefused() {
    assertRefused(join(List.of(parts.get(0), parts.get(2), parts.get(1), parts.get(3))));
  }

  @Test
  void repeatedRecord_isRefused() {
    assertRefused(
        join(List.of(parts.get(0), parts.get(1), parts.get(1), parts.get(2), parts.get(3))));
  }

  @Test
  void missingRecord_isRefused() {
    assertRefused(join(List.of(parts.get(0), parts.get(2), parts.get(3))));
    assertRefused(join(List.of(parts.get(0), parts.get(1), parts.get(3))));
  }

  @Test
  void wholeStreamTwice_endsAfterTheFirst() {
    byte[] twice = join(List.of(transcript, join(parts.subList(1, 4))));
    RecordChannel channel = acceptor(twice, KEY);

    assertThat(receiveAll(channel.receiver())).isEqualTo(join(List.of(ONE, TWO, THREE)));
    assertThat(channel.receiver().receive()).isFalse();
  }

  @Test
  void dataAfterTheLastRecord_isRefusedWhenItIsLookedAt() {
    RecordChannel channel = acceptor(join(List.of(transcript, parts.get(1))), KEY);
    byte[] all = receiveAll(channel.receiver());
    channel.sender().finish();

    assertThat(all).hasSize(ONE.length + TWO.length + THREE.length);
    assertThatThrownBy(channel::awaitAcknowledgement)
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("after the last record");
  }

  @Test
  void recordOfAnEarlierConnection_isRefused() {
    // The same stream of the same job, but the acceptor drew other random bytes by now.
    RecordChannel later =
        RecordChannel.accept(new Scripted(transcript), CONTEXT, KEY, fixedRandom(0x23));

    assertThatThrownBy(() -> receiveAll(later.receiver()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_RECORD));
  }

  @Test
  void anotherKey_isRefused() {
    assertThatThrownBy(() -> receiveAll(acceptor(transcript, key(2)).receiver()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("record 0 does not open");
  }

  @Test
  void everyFieldOfTheContext_mustBeTheSame() {
    Digest other = Digest.of(new byte[] {9});
    for (ChannelContext context :
        List.of(
            new ChannelContext(other, JOB, "hospital", "insurer", "dataset/admissions"),
            new ChannelContext(AGREEMENT, other, "hospital", "insurer", "dataset/admissions"),
            new ChannelContext(AGREEMENT, JOB, "hospice", "insurer", "dataset/admissions"),
            new ChannelContext(AGREEMENT, JOB, "hospital", "bank", "dataset/admissions"),
            new ChannelContext(AGREEMENT, JOB, "hospital", "insurer", "dataset/claims"),
            new ChannelContext(AGREEMENT, JOB, "insurer", "hospital", "dataset/admissions"))) {
      assertRefused(initiatorSays(context, KEY, RecordTamperingTest::say));
    }
  }

  @Test
  void recordsSplicedFromAnotherStream_areRefused() {
    List<byte[]> other =
        split(
            initiatorSays(
                new ChannelContext(AGREEMENT, JOB, "hospital", "insurer", "dataset/claims"),
                KEY,
                RecordTamperingTest::say));
    for (int i = 1; i < parts.size(); i++) {
      List<byte[]> spliced = new ArrayList<>(parts);
      spliced.set(i, other.get(i));
      assertRefused(join(spliced));
    }
  }

  @Test
  void ourOwnHandshakeReflected_isRefused() {
    assertThatThrownBy(() ->
            RecordChannel.accept(
                new Scripted(hello(ACCEPTOR)), CONTEXT, KEY, fixedRandom(ACCEPTOR)))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN))
        .hasMessageContaining("our own handshake came back");
  }

  @Test
  void ourOwnRecordsReflected_areRefused() {
    // The initiator's records come back to it, behind a foreign hello.
    byte[] reflected = join(List.of(hello(ACCEPTOR), join(parts.subList(1, 4))));
    RecordChannel initiator =
        RecordChannel.initiate(new Scripted(reflected), CONTEXT, KEY, fixedRandom(INITIATOR));

    assertThatThrownBy(() -> receiveAll(initiator.receiver()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("does not open");
  }

  @Test
  void acceptorThatBelievesItIsTheInitiator_opensNothing() {
    RecordChannel confused =
        RecordChannel.initiate(new Scripted(transcript), CONTEXT, KEY, fixedRandom(ACCEPTOR));

    assertThatThrownBy(() -> receiveAll(confused.receiver())).isInstanceOf(RefusedException.class);
  }

  @Test
  void anotherVersion_isRefusedByNumber() {
    byte[] newer = hello(INITIATOR);
    newer[RecordChannel.MAGIC.length] = 2;

    assertThatThrownBy(() -> acceptor(newer, KEY))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("version 2; expected 1");
  }

  @Test
  void somethingElseThatAnswers_isRefused() {
    byte[] http = new byte[100];
    Arrays.fill(http, (byte) 'H');

    assertThatThrownBy(() -> acceptor(http, KEY))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 17, Records.MAX_PLAINTEXT_BYTES + 18, 0x7fffffff, 0x80000000, -1})
  void impossibleLengths_areRefusedBeforeAnythingIsAllocated(int length) {
    byte[] header = ByteBuffer.allocate(5).putInt(length).put(Records.DATA).array();
    RecordChannel channel = acceptor(join(List.of(hello(INITIATOR), header)), KEY);
    long before = directBytes();

    assertThatThrownBy(() -> channel.receiver().receive())
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_RECORD));
    assertThat(directBytes() - before).isLessThan(1 << 20);
  }

  @ParameterizedTest
  @ValueSource(bytes = {0, 5, 127, -1})
  void unknownTypes_areRefused(byte type) {
    byte[] header = ByteBuffer.allocate(5).putInt(100).put(type).array();

    assertRefused(join(List.of(hello(INITIATOR), header, new byte[96])));
  }

  @Test
  void longestRecordThatThereCanBe_isAcceptedAndOneByteMoreIsNot() {
    byte[] header = new byte[5];
    Records.putHeader(header, Records.DATA, Records.MAX_PLAINTEXT_BYTES);
    assertThat(Records.bodyBytes(header)).isEqualTo(Records.MAX_PLAINTEXT_BYTES + 16);

    Records.putHeader(header, Records.DATA, Records.MAX_PLAINTEXT_BYTES + 1);
    assertThatThrownBy(() -> Records.bodyBytes(header)).isInstanceOf(RefusedException.class);
  }

  @Test
  void abortAndAcknowledgement_haveTheirOwnLimits() {
    byte[] header = new byte[5];
    Records.putHeader(header, Records.ABORT, 65);
    assertThatThrownBy(() -> Records.bodyBytes(header)).isInstanceOf(RefusedException.class);
    Records.putHeader(header, Records.ACKNOWLEDGE, 15);
    assertThatThrownBy(() -> Records.bodyBytes(header)).isInstanceOf(RefusedException.class);
  }

  @Test
  void acknowledgementOfNothing_isRefused() {
    // The initiator acknowledges what the acceptor never sent.
    byte[] strange = initiatorSays(CONTEXT, KEY, sender -> sender.acknowledge(5, 1));

    assertThat(refusal(strange))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN));
  }

  @Test
  void afterAFailure_everyCallFailsTheSameWay() {
    byte[] changed = transcript.clone();
    changed[changed.length - 1] ^= 1;
    RecordReceiver receiver = acceptor(changed, KEY).receiver();
    Throwable first = catchThrowable(() -> receiveAll(receiver));

    assertThat(catchThrowable(receiver::receive)).isSameAs(first);
    assertThat(catchThrowable(receiver::awaitAcknowledgement)).isSameAs(first);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 41, 1000})
  void socketThatDeliversLittleByLittle_deliversTheSame(int readAtMost) {
    RecordChannel channel =
        RecordChannel.accept(
            new Scripted(transcript, readAtMost), CONTEXT, KEY, fixedRandom(ACCEPTOR));

    assertThat(receiveAll(channel.receiver())).isEqualTo(join(List.of(ONE, TWO, THREE)));
  }

  @Test
  void transcript_neverHoldsPlaintext() {
    assertThat(new String(transcript, StandardCharsets.ISO_8859_1))
        .doesNotContain("first")
        .doesNotContain("second")
        .doesNotContain("last");
  }

  private static void assertRefused(byte[] incoming) {
    assertThat(refusal(incoming)).isInstanceOf(RefusedException.class);
  }

  private static Throwable refusal(byte[] incoming) {
    return catchThrowable(() -> receiveAll(acceptor(incoming, KEY).receiver()));
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
