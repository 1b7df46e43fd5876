package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.bytesOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.StreamingAead;
import com.google.crypto.tink.streamingaead.AesGcmHkdfStreamingKey;
import com.google.crypto.tink.streamingaead.AesGcmHkdfStreamingParameters;
import com.google.crypto.tink.streamingaead.StreamingAeadConfig;
import com.google.crypto.tink.util.SecretBytes;
import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SealedResultTest {
  private static final int FIRST = SegmentCipher.SEGMENT_BYTES - 16 - 40;
  private static final int NEXT = SegmentCipher.SEGMENT_BYTES - 16;

  @AutoClose private final HpkeKeyPair hospital = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM);
  @AutoClose private final HpkeKeyPair insurer = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM);

  @Test
  void everyRecipient_opensIt() {
    byte[] file = seal("a,b\n1,2\n".getBytes(StandardCharsets.UTF_8));

    assertThat(open(file, "hospital", hospital)).asString().isEqualTo("a,b\n1,2\n");
    assertThat(open(file, "insurer", insurer)).asString().isEqualTo("a,b\n1,2\n");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT - 1, FIRST + NEXT, FIRST + NEXT + 1})
  void resultsAroundTheSegmentSizes_comeBack(int size) {
    byte[] data = random(size);

    assertThat(open(seal(data), "insurer", insurer)).isEqualTo(data);
  }

  @Test
  void writerSaysWhatTheFileIs() throws Exception {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    SealedResultWriter writer = writer(Channels.newChannel(file));
    writer.write(ByteBuffer.wrap(random(3_000_000)));

    SealedResultWriter.Sealed sealed = writer.finish();

    assertThat(sealed.sizeBytes()).isEqualTo(file.size());
    assertThat(sealed.sha256()).isEqualTo(Digest.of(file.toByteArray()));
  }

  @Test
  void readerSaysTheDigestOfTheWholeFile() {
    byte[] file = seal(random(2_000_000));
    SealedResultReader reader = reader(file);
    assertThatThrownBy(reader::digest).isInstanceOf(BugException.class);

    long count =
        reader.copyTo("insurer", insurer, Channels.newChannel(new ByteArrayOutputStream()));

    assertThat(count).isEqualTo(2_000_000);
    assertThat(reader.digest()).isEqualTo(Digest.of(file));
    assertThat(reader.digest()).isEqualTo(Digest.of(file));
  }

  @Test
  void head_isReadWithoutAnyKey() {
    ResultHead head = reader(seal(new byte[1])).head();

    assertThat(head.result()).isEqualTo("summary");
    assertThat(head.jobId()).isEqualTo(JOB_ID);
    assertThat(head.agreement()).isEqualTo(AGREEMENT);
    assertThat(head.format()).isEqualTo("csv");
    assertThat(head.evidenceKind()).isEqualTo("simulated");
    assertThat(head.recipientNames()).containsExactly("hospital", "insurer");
  }

  @Test
  void partyThatIsNoRecipient_isToldWhoIs() {
    try (HpkeKeyPair bank = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM)) {
      assertThatThrownBy(() -> open(seal(new byte[1]), "bank", bank))
          .isInstanceOfSatisfying(
              RefusedException.class,
              e -> {
                assertThat(e.reason()).isEqualTo(Reason.NOT_A_RECIPIENT);
                assertThat(e.metadata()).containsEntry("recipients", "hospital, insurer");
              })
          .hasMessageContaining("'bank' is no recipient of result 'summary'")
          .hasMessageContaining("hospital, insurer");
    }
  }

  @Test
  void strangerUnderARecipientsName_opensNothing() {
    try (HpkeKeyPair stranger = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM)) {
      assertThatThrownBy(() -> open(seal(new byte[1]), "hospital", stranger))
          .isInstanceOfSatisfying(
              RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT));
    }
  }

  @Test
  void recipientUnderAnothersName_opensNothing() {
    assertThatThrownBy(() -> open(seal(new byte[1]), "insurer", hospital))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void sameDataTwice_givesDifferentFiles() {
    byte[] data = random(1000);

    assertThat(seal(data)).isNotEqualTo(seal(data));
  }

  @Test
  void plainTink_opensTheStream() throws Exception {
    StreamingAeadConfig.register();
    byte[] data = random(2_500_000);
    byte[] file = seal(data);
    ByteBuffer bytes = ByteBuffer.wrap(file).position(8);
    byte[] head = new byte[bytes.getInt()];
    bytes.get(head);
    byte[] stream = Arrays.copyOfRange(file, bytes.position(), file.length);

    StreamingAead tink = tink(resultKey(ResultHead.parse(ByteString.copyFrom(head))));
    byte[] opened =
        tink.newDecryptingStream(
                new ByteArrayInputStream(stream), Digest.of(head).value().toByteArray())
            .readAllBytes();

    assertThat(opened).isEqualTo(data);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, FIRST, FIRST + 1, FIRST + NEXT, 2_500_000})
  void whatPlainTinkSeals_weOpen(int size) throws Exception {
    StreamingAeadConfig.register();
    byte[] data = random(size);
    byte[] associated = {1, 2, 3};
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    ByteArrayOutputStream opened = new ByteArrayOutputStream();
    try (Secret key = Secret.random(32, RANDOM)) {
      try (OutputStream to = tink(bytesOf(key)).newEncryptingStream(stream, associated)) {
        to.write(data);
      }
      ReadableByteChannel from =
          Channels.newChannel(new ByteArrayInputStream(stream.toByteArray()));
      try (SegmentOpener opener =
          new SegmentOpener(key, ByteString.copyFrom(associated), new DigestingChannel(from))) {
        while (opener.next()) {
          byte[] segment = new byte[opener.plaintext().remaining()];
          opener.plaintext().get(segment);
          opened.writeBytes(segment);
        }
      }
    }

    assertThat(opened.toByteArray()).isEqualTo(data);
  }

  /** As anybody with Tink in any language would make it: AES256_GCM_HKDF_1MB, no prefix. */
  private static StreamingAead tink(byte[] resultKey) throws Exception {
    AesGcmHkdfStreamingKey key =
        AesGcmHkdfStreamingKey.create(
            AesGcmHkdfStreamingParameters.builder()
                .setKeySizeBytes(32)
                .setDerivedAesGcmKeySizeBytes(32)
                .setHkdfHashType(AesGcmHkdfStreamingParameters.HashType.SHA256)
                .setCiphertextSegmentSizeBytes(1 << 20)
                .build(),
            SecretBytes.copyFrom(resultKey, InsecureSecretKeyAccess.get()));
    return KeysetHandle.newBuilder()
        .addEntry(KeysetHandle.importKey(key).withRandomId().makePrimary())
        .build()
        .getPrimitive(RegistryConfiguration.get(), StreamingAead.class);
  }

  private byte[] resultKey(ResultHead head) {
    try (Secret key =
        Hpke.open(insurer, head.bindings().recipient("insurer"), head.keyFor("insurer"))) {
      return bytesOf(key);
    }
  }

  @Test
  void largeResult_needsNoMoreMemoryThanASmallOne() throws Exception {
    // 120 MiB through a pipe.
    long total = 120L << 20;
    Pipe pipe = Pipe.open();
    Thread writing =
        Thread.ofPlatform()
            .start(() -> {
              try (var sink = pipe.sink()) {
                SealedResultWriter writer = writer(sink);
                ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
                for (long count = 0; count < total; count += piece.capacity()) {
                  writer.write(piece.clear());
                }
                SealedResultWriter.Sealed unused = writer.finish();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    long count =
        SealedResultReader.open(pipe.source()).copyTo("insurer", insurer, new Discarding());
    writing.join();

    assertThat(count).isEqualTo(total);
  }

  @Test
  void writingAfterTheEnd_isOurBug() {
    SealedResultWriter writer = writer(Channels.newChannel(new ByteArrayOutputStream()));
    assertThat(writer.finish().sizeBytes()).isPositive();

    assertThatThrownBy(() -> writer.write(ByteBuffer.wrap(new byte[1])))
        .isInstanceOf(BugException.class);
    assertThatThrownBy(writer::finish).isInstanceOf(BugException.class);
  }

  @Test
  void openingTwice_isOurBug() {
    SealedResultReader reader = reader(seal(new byte[1]));
    long unused = reader.copyTo("insurer", insurer, new Discarding());

    assertThatThrownBy(() -> reader.copyTo("insurer", insurer, new Discarding()))
        .isInstanceOf(BugException.class);
  }

  @Test
  void diskThatFails_isTheEnvironmentsFault() {
    byte[] file = seal(random(100));
    ReadableByteChannel broken = Channels.newChannel(new BrokenAfter(file, file.length - 10));

    assertThatThrownBy(
            () -> SealedResultReader.open(broken).copyTo("insurer", insurer, new Discarding()))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
    assertThatThrownBy(() -> writer(new FullDisk()))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
    assertThatThrownBy(() -> reader(file).copyTo("insurer", insurer, new FullDisk()))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
  }

  private SealedResultWriter writer(WritableByteChannel to) {
    TreeMap<String, HpkePublicKey> recipients = new TreeMap<>();
    recipients.put("hospital", hospital.publicKey());
    recipients.put("insurer", insurer.publicKey());
    return SealedResultWriter.create(
        to,
        new Bindings.Result(AGREEMENT, JOB_ID, "summary"),
        "csv",
        "simulated",
        recipients,
        RANDOM);
  }

  private byte[] seal(byte[] data) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (SealedResultWriter writer = writer(Channels.newChannel(file))) {
      // In two pieces that do not fit the segments.
      writer.write(ByteBuffer.wrap(data, 0, data.length / 3));
      writer.write(ByteBuffer.wrap(data, data.length / 3, data.length - data.length / 3));
      assertThat(writer.finish().sizeBytes()).isEqualTo(file.size());
    }
    return file.toByteArray();
  }

  private static SealedResultReader reader(byte[] file) {
    return SealedResultReader.open(Channels.newChannel(new ByteArrayInputStream(file)));
  }

  private static byte[] open(byte[] file, String party, HpkeKeyPair pair) {
    ByteArrayOutputStream opened = new ByteArrayOutputStream();
    long count = reader(file).copyTo(party, pair, Channels.newChannel(opened));
    assertThat(count).isEqualTo(opened.size());
    return opened.toByteArray();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static class Discarding implements WritableByteChannel {
    @Override
    public int write(ByteBuffer from) throws IOException {
      int count = from.remaining();
      from.position(from.limit());
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static final class FullDisk extends Discarding {
    @Override
    public int write(ByteBuffer from) throws IOException {
      throw new IOException("no space left");
    }
  }

  private static final class BrokenAfter extends InputStream {
    private final InputStream bytes;
    private int good;

    BrokenAfter(byte[] bytes, int good) {
      this.bytes = new ByteArrayInputStream(bytes);
      this.good = good;
    }

    @Override
    public int read() throws IOException {
      if (good-- <= 0) {
        throw new IOException("bad sector");
      }
      return bytes.read();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (good <= 0) {
        throw new IOException("bad sector");
      }
      int count = bytes.read(to, offset, Math.min(length, good));
      good -= count;
      return count;
    }
  }
}
