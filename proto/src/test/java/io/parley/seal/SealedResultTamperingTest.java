package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.RANDOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.proto.enclave.v1.SealedResultHead;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host can do to a sealed result that it keeps. */
class SealedResultTamperingTest {
  private static final int SEGMENT = SegmentCipher.SEGMENT_BYTES;
  private static final HpkeKeyPair KEYS = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM);

  private static final byte[] SMALL = seal(JOB_ID, new byte[50]);
  private static final byte[] LARGE = seal(JOB_ID, new byte[3 * SEGMENT]);

  @Test
  void flippedBitInEveryByte_isRefused() {
    for (int i = 0; i < SMALL.length; i++) {
      byte[] changed = SMALL.clone();
      changed[i] ^= (byte) (1 << i % 8);
      assertThat(catchThrowable(() -> open(changed)))
          .as("byte %d", i)
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void everyCut_isRefused() {
    for (int length = 0; length < SMALL.length; length++) {
      assertInvalid(Arrays.copyOf(SMALL, length));
    }
  }

  @Test
  void addedBytes_areRefused() {
    for (int extra : new int[] {1, 16, 17, SEGMENT}) {
      assertInvalid(Arrays.copyOf(SMALL, SMALL.length + extra));
    }
  }

  @Test
  void fileTwice_isRefused() {
    assertInvalid(concat(SMALL, SMALL));
  }

  @Test
  void cutBetweenSegments_isRefused() {
    int start = streamStart(LARGE);
    for (int segments = 0; segments < 4; segments++) {
      assertInvalid(Arrays.copyOf(LARGE, start + segments * SEGMENT));
    }
  }

  @Test
  void swappedSegments_areRefused() {
    byte[] swapped = LARGE.clone();
    int second = streamStart(LARGE) + SEGMENT;
    System.arraycopy(LARGE, second, swapped, second + SEGMENT, SEGMENT);
    System.arraycopy(LARGE, second + SEGMENT, swapped, second, SEGMENT);

    assertInvalid(swapped);
  }

  @Test
  void repeatedSegment_isRefused() {
    int second = streamStart(LARGE) + SEGMENT;
    byte[] repeated =
        concat(
            Arrays.copyOf(LARGE, second + SEGMENT),
            Arrays.copyOfRange(LARGE, second, LARGE.length));

    assertInvalid(repeated);
  }

  @Test
  void droppedSegment_isRefused() {
    int second = streamStart(LARGE) + SEGMENT;

    assertInvalid(
        concat(
            Arrays.copyOf(LARGE, second),
            Arrays.copyOfRange(LARGE, second + SEGMENT, LARGE.length)));
  }

  @Test
  void streamOfAnotherJob_isRefused() {
    byte[] other = seal(JOB_ID.replace('0', '1'), new byte[50]);

    assertInvalid(
        concat(
            Arrays.copyOf(SMALL, streamStart(SMALL)),
            Arrays.copyOfRange(other, streamStart(other), other.length)));
  }

  @Test
  void fileThatWasNotFinished_isRefused() {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (SealedResultWriter writer = writer(file, JOB_ID)) {
      writer.write(ByteBuffer.wrap(new byte[SEGMENT + 100]));
    }

    assertInvalid(file.toByteArray());
  }

  @Test
  void everyChangeOfTheHead_isRefused() throws Exception {
    List<UnaryOperator<SealedResultHead.Builder>> changes =
        List.of(
            head -> head.setResult("other"),
            head -> head.setJobId(JOB_ID.replace('0', '1')),
            head -> head.setAgreementSha256(Digest.of(new byte[] {9}).value()),
            head -> head.setFormat("json"),
            head -> head.setEvidenceKind("sev-snp"),
            head -> head.addRecipients(head.getRecipients(0).toBuilder().setParty("bank")));
    for (UnaryOperator<SealedResultHead.Builder> change : changes) {
      assertInvalid(withHead(change.apply(head()).build().toByteString()));
    }
  }

  @Test
  void malformedHeads_areRefused() throws Exception {
    List<UnaryOperator<SealedResultHead.Builder>> changes =
        List.of(
            SealedResultHead.Builder::clearRecipients,
            SealedResultHead.Builder::clearFormat,
            head -> head.setFormat("exe"),
            head -> head.setResult("../../etc/passwd"),
            head -> head.setResult(""),
            head -> head.setJobId("1"),
            head -> head.setEvidenceKind(""),
            head -> head.setAgreementSha256(ByteString.EMPTY),
            head -> head.addRecipients(head.getRecipients(0)),
            head -> head.setRecipients(0, head.getRecipients(0).toBuilder().clearSuite()),
            head ->
                head.setRecipients(
                    0, head.getRecipients(0).toBuilder().setEnc(ByteString.copyFromUtf8("x"))),
            head ->
                head.setUnknownFields(
                    UnknownFieldSet.newBuilder()
                        .addField(50, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build()));
    for (UnaryOperator<SealedResultHead.Builder> change : changes) {
      assertInvalid(withHead(change.apply(head()).build().toByteString()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 0x7fffffff, ResultHead.MAX_SIZE_BYTES + 1})
  void impossibleHeadLengths_areRefusedBeforeTheyAreAllocated(int length) {
    byte[] start = ByteBuffer.allocate(100).put(SealedResultWriter.MAGIC).putInt(length).array();

    assertThatThrownBy(() -> open(start))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("expected 1 to");
  }

  @Test
  void somethingElse_isSaidToBeNoResult() {
    assertThatThrownBy(
            () -> open("PK\3\4 and so on, a zip file".getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no sealed result file");
  }

  private static SealedResultHead.Builder head() throws Exception {
    return SealedResultHead.parseFrom(
        Arrays.copyOfRange(SMALL, 8 + Integer.BYTES, streamStart(SMALL)))
        .toBuilder();
  }

  private static byte[] withHead(ByteString head) {
    return concat(
        SealedResultWriter.prologue(head).toByteArray(),
        Arrays.copyOfRange(SMALL, streamStart(SMALL), SMALL.length));
  }

  private static int streamStart(byte[] file) {
    return 8 + Integer.BYTES + ByteBuffer.wrap(file).getInt(8);
  }

  private static SealedResultWriter writer(ByteArrayOutputStream file, String jobId) {
    return SealedResultWriter.create(
        Channels.newChannel(file),
        new Bindings.Result(AGREEMENT, jobId, "summary"),
        "csv",
        "simulated",
        new TreeMap<>(Map.of("hospital", KEYS.publicKey())),
        RANDOM);
  }

  private static byte[] seal(String jobId, byte[] data) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    SealedResultWriter writer = writer(file, jobId);
    writer.write(ByteBuffer.wrap(data));
    SealedResultWriter.Sealed unused = writer.finish();
    return file.toByteArray();
  }

  private static void assertInvalid(byte[] file) {
    assertThatThrownBy(() -> open(file))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT));
  }

  private static byte[] open(byte[] file) {
    ByteArrayOutputStream opened = new ByteArrayOutputStream();
    long unused =
        SealedResultReader.open(Channels.newChannel(new ByteArrayInputStream(file)))
            .copyTo("hospital", KEYS, Channels.newChannel(opened));
    return opened.toByteArray();
  }

  private static byte[] concat(byte[] head, byte[] tail) {
    byte[] both = Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, both, head.length, tail.length);
    return both;
  }
}
