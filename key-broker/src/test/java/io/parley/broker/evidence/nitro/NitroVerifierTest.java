package io.parley.broker.evidence.nitro;

import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.Verification;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents of a made-up AWS, and what can be wrong with them. */
final class NitroVerifierTest {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final FakeAws AWS = new FakeAws();

  @Test
  void acceptsADocument() {
    NitroClaims claims = genuine(verify(AWS.document(REPORT_DATA)));
    assertThat(claims.debug()).isFalse();
    assertThat(claims.pcrs()).hasSize(16);
    assertThat(claims.timestamp()).isEqualTo(NOW);
    assertThat(claims.nonce()).isEmpty();
  }

  @Test
  void refusesEveryChangeOfADocument() {
    Mutations.allRefused(AWS.document(REPORT_DATA), NitroVerifierTest::verify);
  }

  @Test
  void refusesOtherReportDataAndNone() {
    byte[] other = REPORT_DATA.clone();
    other[63] = 1;
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(AWS.document(other)));
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(AWS.document(new byte[63])));
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.remove("user_data");
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(AWS.sign(FakeAws.encode(payload))));
  }

  @Test
  void refusesAnotherRoot() {
    bad(Reason.EVIDENCE_ROOT_UNKNOWN, verify(new FakeAws().document(REPORT_DATA)));
  }

  @Test
  void refusesAnotherMachinesSignature() {
    Map<String, byte[]> payload = new FakeAws().payload(REPORT_DATA);
    payload.put("cabundle", AWS.payload(REPORT_DATA).get("cabundle"));
    bad(Reason.EVIDENCE_CHAIN_WRONG, verify(AWS.sign(FakeAws.encode(payload))));
    payload.put("certificate", AWS.payload(REPORT_DATA).get("certificate"));
    bad(Reason.EVIDENCE_SIGNATURE_WRONG, verify(new FakeAws().sign(FakeAws.encode(payload))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2025-12-31T23:59:59Z", "2060-01-01T00:00:00Z"})
  void refusesCertificatesOutOfTheirTime(String at) {
    bad(Reason.EVIDENCE_CERTIFICATE_EXPIRED, verify(AWS.document(REPORT_DATA), Instant.parse(at)));
  }

  @Test
  void refusesADocumentFromBeforeItsCertificate() {
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.put("timestamp", FakeAws.time(FakeAuthority.FROM.minusSeconds(1)));
    bad(Reason.EVIDENCE_CERTIFICATE_EXPIRED, verify(AWS.sign(FakeAws.encode(payload))));
  }

  @Test
  void saysThatZeroRegistersAreDebugMode() {
    for (int zero : new int[] {0, 1, 2}) {
      Map<Integer, byte[]> pcrs = new LinkedHashMap<>();
      for (int i = 0; i < 3; i++) {
        byte[] pcr = new byte[48];
        pcr[0] = (byte) (i == zero ? 0 : 1);
        pcrs.put(i, pcr);
      }
      assertThat(withPcrs(pcrs).debug()).isTrue();
    }
    assertThat(withPcrs(Map.of(0, filled(), 1, filled())).debug())
        .as("a register that is not there at all")
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"})
  void refusesAMissingKey(String key) {
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.remove(key);
    malformed(AWS.sign(FakeAws.encode(payload)));
  }

  @Test
  void refusesAnUnknownKeyAndAnotherDigest() {
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.remove("nonce");
    payload.put("extra", FakeAws.text("x"));
    malformed(AWS.sign(FakeAws.encode(payload)));
    payload.remove("extra");
    payload.put("digest", FakeAws.text("SHA256"));
    malformed(AWS.sign(FakeAws.encode(payload)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9f", // an array without an end
        "d28440a04040", // no header
        "d38444a1013822a04040", // another tag
        "985444a1013822a04040", // a longer head than needed
        "8444a1013822a10100404000", // something unprotected
        "8444a1013821a04040", // another algorithm
        "8446a2013822013822a04040", // the algorithm twice
        "845b7fffffffffffffff", // more bytes than there are
        "845bffffffffffffffff",
        "8444a1013822a05a7fffffff",
        "84ff",
        "f6",
      })
  void refusesWhatIsNoDocument(String hex) {
    malformed(ByteString.copyFrom(HexFormat.of().parseHex(hex)));
  }

  @Test
  void refusesAKeyThatIsThereTwice() {
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.remove("nonce");
    ByteString once = FakeAws.encode(payload);
    ByteString twice =
        ByteString.copyFrom(new byte[] {(byte) (once.byteAt(0) + 1)})
            .concat(once.substring(1))
            .concat(ByteString.copyFrom(FakeAws.text("digest")))
            .concat(ByteString.copyFrom(FakeAws.text("SHA384")));
    malformed(AWS.sign(twice));
  }

  @Test
  void acceptsTheTagOfCoseSign1() {
    genuine(
        verify(ByteString.copyFrom(new byte[] {(byte) 0xd2}).concat(AWS.document(REPORT_DATA))));
  }

  private static void malformed(ByteString document) {
    assertThatThrownBy(() -> verify(document))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }

  private static byte[] filled() {
    byte[] pcr = new byte[48];
    pcr[0] = 1;
    return pcr;
  }

  private static NitroClaims withPcrs(Map<Integer, byte[]> pcrs) {
    Map<String, byte[]> payload = AWS.payload(REPORT_DATA);
    payload.put("pcrs", FakeAws.pcrs(pcrs));
    return genuine(verify(AWS.sign(FakeAws.encode(payload))));
  }

  private static Verification<NitroClaims> verify(ByteString document) {
    return verify(document, NOW);
  }

  private static Verification<NitroClaims> verify(ByteString document, Instant at) {
    return new NitroVerifier(Set.of(AWS.root.fingerprint()))
        .verify(
            new NitroDocumentParser().parse(document),
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            at);
  }
}
