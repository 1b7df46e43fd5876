package io.parley.evidence;

import static io.parley.evidence.DocumentSamples.LAUNCH;
import static io.parley.evidence.DocumentSamples.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Launch statements and the documents around them: one form, every limit, no surprise. */
final class DocumentsTest {
  private record Sample(String name, ByteString bytes, Function<ByteString, ByteString> again) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Sample> samples() {
    return List.of(
        new Sample("statement", LAUNCH.encode(), b -> LaunchStatement.parse(b).encode()),
        new Sample(
            "hardware",
            DocumentSamples.hardware().encode(),
            b -> HardwareDocument.parse(b).encode()),
        new Sample(
            "tpm",
            DocumentSamples.tpm(DocumentSamples.answer()).encode(),
            b -> TpmDocument.parse(b).encode()),
        new Sample(
            "tpm with a key by name",
            DocumentSamples.tpm(new TpmDocument.Credential.None()).encode(),
            b -> TpmDocument.parse(b).encode()));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void comesBackAsItWas(Sample sample) {
    assertThat(sample.again().apply(sample.bytes())).isEqualTo(sample.bytes());
  }

  /** A flipped bit is refused, or means something else in exactly these bytes. */
  @ParameterizedTest
  @MethodSource("samples")
  void everyFlippedBitIsRefusedOrOneOtherThing(Sample sample) {
    byte[] bytes = sample.bytes().toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        bytes[i] ^= (byte) (1 << bit);
        requireSameOrRefused(sample, ByteString.copyFrom(bytes));
        bytes[i] ^= (byte) (1 << bit);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyCutAndEveryTrailingByteIsRefusedOrOneOtherThing(Sample sample) {
    for (int length = 0; length < sample.bytes().size(); length++) {
      requireSameOrRefused(sample, sample.bytes().substring(0, length));
    }
    for (int value = 0; value < 256; value++) {
      requireSameOrRefused(sample, sample.bytes().concat(bytes(1, value)));
    }
    refused(() -> sample.again().apply(sample.bytes().concat(sample.bytes())), "one byte form");
    refused(
        () -> sample.again().apply(sample.bytes().concat(bytes(Evidence.MAX_DOCUMENT_BYTES, 0))),
        "at most");
  }

  private static void requireSameOrRefused(Sample sample, ByteString mutated) {
    try {
      assertThat(sample.again().apply(mutated)).isEqualTo(mutated).isNotEqualTo(sample.bytes());
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
    }
  }

  @Test
  void whatPlatformsSignHangsOnEveryPartOfTheStatement() {
    assertThat(LAUNCH.platformData().size()).isEqualTo(64);
    assertThat(LAUNCH.quoteData().size()).isEqualTo(32);
    for (LaunchStatement other :
        List.of(
            new LaunchStatement(new ReportData(bytes(64, 1)), LAUNCH.shim(), "bwrap"),
            new LaunchStatement(LAUNCH.reportData(), Digest.of(new byte[] {5}), "bwrap"),
            new LaunchStatement(LAUNCH.reportData(), LAUNCH.shim(), "landlock"))) {
      assertThat(other.platformData()).isNotEqualTo(LAUNCH.platformData());
      assertThat(other.quoteData()).isNotEqualTo(LAUNCH.quoteData());
    }
    assertThat(LAUNCH.platformData()).isNotEqualTo(LAUNCH.reportData().value());
  }

  @Test
  void eventsReplayFromZero() {
    Digest app = Digest.of(new byte[] {1});
    MeasuredEvent shim = MeasuredEvent.ofShim(LAUNCH.shim(), "bwrap");
    ByteString zero = bytes(32, 0);
    assertThat(MeasuredEvent.replay(List.of()))
        .containsExactlyEntriesOf(new TreeMap<>(Map.of(14, zero, 15, zero)));
    assertThat(
            MeasuredEvent.replay(
                List.of(shim, MeasuredEvent.ofApp(app), MeasuredEvent.ofApp(null))))
        .containsEntry(14, Digest.of(zero.concat(shim.digest())).value())
        .containsEntry(
            15,
            Digest.of(
                    Digest.of(zero.concat(MeasuredEvent.ofApp(app).digest()))
                        .value()
                        .concat(MeasuredEvent.ofApp(null).digest()))
                .value());
    assertThat(shim).isNotEqualTo(MeasuredEvent.ofShim(LAUNCH.shim(), "landlock"));
    assertThat(MeasuredEvent.ofApp(app)).isNotEqualTo(MeasuredEvent.ofApp(null));
    refused(() -> new MeasuredEvent(13, zero), "expected 14 or 15");
    refused(() -> new MeasuredEvent(14, bytes(31, 0)), "31 bytes long; expected 32");
  }

  @Test
  void limitsEveryPart() {
    ByteString report = bytes(8, 1);
    refused(() -> hardware(ByteString.EMPTY, List.of(), List.of()), "report: 0 bytes");
    refused(() -> hardware(bytes(32_769, 1), List.of(), List.of()), "report: 32769 bytes");
    refused(
        () -> hardware(report, Collections.nCopies(17, report), List.of()),
        "certificates: 17 of them; at most 16");
    refused(
        () -> hardware(report, List.of(bytes(16_385, 1)), List.of()), "certificates: 16385 bytes");
    refused(
        () -> hardware(report, List.of(), Collections.nCopies(17, report)),
        "collateral: 17 of them; at most 16");
    refused(
        () -> hardware(report, List.of(), List.of(bytes(131_073, 1))), "collateral: 131073 bytes");
    refused(
        () -> hardware(report, List.of(), Collections.nCopies(3, bytes(100_000, 1))).encode(),
        "length: 300");
  }

  @Test
  void limitsEveryPartOfATpmsDocument() {
    ByteString part = bytes(9, 1);
    refused(() -> tpm(ByteString.EMPTY, Map.of(), List.of()), "ak_public: 0 bytes");
    refused(() -> tpm(bytes(1025, 1), Map.of(), List.of()), "ak_public: 1025 bytes");
    refused(() -> tpm(part, Map.of(24, bytes(32, 1)), List.of()), "no register from 0 to 23");
    refused(() -> tpm(part, Map.of(1, bytes(48, 1)), List.of()), "pcrs: 48 bytes");
    refused(
        () -> tpm(part, Map.of(), Collections.nCopies(4097, MeasuredEvent.ofApp(null))),
        "events: 4097 of them; at most 4096");
    assertThat(
            tpm(part, Map.of(), Collections.nCopies(4096, MeasuredEvent.ofApp(null)))
                .encode()
                .size())
        .isLessThan(Evidence.MAX_DOCUMENT_BYTES);
    refused(
        () -> new TpmDocument.Credential.Answer(bytes(32, 1), bytes(31, 1)),
        "credential_answer: 31 bytes long; expected 32");
    refused(
        () -> new TpmDocument.Credential.Answer(bytes(16, 1), bytes(32, 1)),
        "credential_id: 16 bytes long; expected 32");
  }

  @Test
  void anAnswerWithoutItsCredentialIsNone() {
    ByteString half = io.parley.wire.StrictMessages.encode(message().clearCredentialId().build());
    refused(() -> TpmDocument.parse(half), "credential_id");
    ByteString other =
        io.parley.wire.StrictMessages.encode(message().clearCredentialAnswer().build());
    refused(() -> TpmDocument.parse(other), "credential_answer");
  }

  private static io.parley.proto.enclave.v1.TpmDocument.Builder message() {
    try {
      return io.parley.proto.enclave.v1.TpmDocument.parseFrom(
          DocumentSamples.tpm(DocumentSamples.answer()).encode())
          .toBuilder();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static HardwareDocument hardware(
      ByteString report, List<ByteString> certificates, List<ByteString> collateral) {
    return new HardwareDocument(LAUNCH, report, certificates, collateral);
  }

  private static TpmDocument tpm(
      ByteString key, Map<Integer, ByteString> pcrs, List<MeasuredEvent> events) {
    return new TpmDocument(
        LAUNCH,
        key,
        bytes(9, 1),
        bytes(9, 1),
        new TreeMap<>(pcrs),
        events,
        new TpmDocument.Credential.None());
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String problem) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE))
        .hasMessageContaining(problem);
  }
}
