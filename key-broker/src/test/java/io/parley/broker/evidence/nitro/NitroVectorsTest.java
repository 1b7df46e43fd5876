package io.parley.broker.evidence.nitro;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Hex;
import io.parley.wire.Reason;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Documents of real machines. */
final class NitroVectorsTest {
  private static final Instant DEBUG_AT = Instant.ofEpochSecond(1_695_050_165);
  private static final Instant PLAIN_AT = Instant.parse("2022-10-13T08:58:02Z");

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @Test
  void acceptsAPlainEnclavesDocumentInItsTime() {
    NitroClaims claims = genuine(verify(plain(), PLAIN_AT));
    assertThat(Hex.of(claims.pcrs().getOrDefault(0, ByteString.EMPTY))).startsWith("f4d48b81");
    assertThat(claims.debug()).isFalse();
  }

  @Test
  void saysThatADebugEnclaveIsOne() {
    NitroClaims claims = genuine(verify(debug(), DEBUG_AT));
    assertThat(claims.debug()).isTrue();
  }

  @Test
  void refusesThemYearsLater() {
    for (ByteString document : new ByteString[] {plain(), debug()}) {
      bad(
          Reason.EVIDENCE_CERTIFICATE_EXPIRED,
          verify(document, Instant.parse("2026-11-21T00:00:00Z")));
      bad(
          Reason.EVIDENCE_CERTIFICATE_EXPIRED,
          verify(document, Instant.parse("2060-01-01T00:00:00Z")));
    }
  }

  @Test
  void refusesEveryChangeOfThem() {
    Mutations.allRefused(plain(), bytes -> verify(bytes, PLAIN_AT));
    Mutations.allRefused(debug(), bytes -> verify(bytes, DEBUG_AT));
  }

  @Test
  void knowsAwsRoot() {
    var root =
        Vectors.pem("evervault+attestation-doc-validation/attestation-doc-validation/src/nitro.pem")
            .getFirst();
    assertThat(Certificates.fingerprint(root)).isEqualTo(NitroVerifier.AWS);
  }

  private static ByteString plain() {
    return Vectors.bytes(Vectors.NITRO + "beta/valid-attestation-doc-bytes");
  }

  private static ByteString debug() {
    return ByteString.copyFrom(
        Base64.getDecoder()
            .decode(Vectors.text(Vectors.NITRO + "valid-attestation-doc-base64").strip()));
  }

  private static Verification<NitroClaims> verify(ByteString document, Instant at) {
    return new NitroVerifier(Set.of(NitroVerifier.AWS))
        .verify(
            new NitroDocumentParser().parse(document),
            new ExpectedReportData.Unchecked("made for somebody else"),
            at);
  }
}
