package io.parley.broker.evidence.azure;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.AzureVtpmClaims;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Made-up machines of Azure's, and what somebody could do to their evidence. */
final class AzureVtpmVerifierTest {
  private static final byte[] NONCE = {1, 2, 3};
  private static final FakeAzure AZURE = new FakeAzure(FakeAmd.vcek(SnpProduct.GENOA));
  private static final KnownSignatures KNOWN = new KnownSignatures(100);

  @Test
  void isGenuineOverItsOwnNonceOnly() {
    AzureVtpmClaims claims = genuine(verify(AZURE.evidence(NONCE)));
    assertThat(claims.report().product()).isEqualTo("genoa");
    assertThat(claims.quote().anchor()).isEqualTo("azure-hcl");
    assertThat(claims.quote().emulator()).isEqualTo("azure-vtpm");
    assertThat(claims.quote().pcrs()).containsOnlyKeys(0, 7, 11);
    assertThat(claims.configuration()).containsEntry("secure-boot", "true");
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(AZURE.evidence(new byte[] {1, 2, 4})));
  }

  @Test
  void everyChangeIsRefused() {
    ByteString good = AZURE.evidence(NONCE);
    Mutations.flipsRefused(good, 0, good.size(), AzureVtpmVerifierTest::verify);
    Mutations.cutsRefused(good, AzureVtpmVerifierTest::verify);
    for (String more : List.of("x", "{}", "\u0000", good.toStringUtf8())) {
      assertThatThrownBy(() -> verify(good.concat(ByteString.copyFromUtf8(more))))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void anotherTpmsQuoteIsRefused() {
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        verify(AZURE.evidence(AZURE.hcl(AZURE.data()), FakeTpm.rsa(), NONCE)));
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        verify(AZURE.evidence(AZURE.hcl(AZURE.data()), FakeTpm.ecc(), NONCE)));
  }

  /** Who can write data around a report cannot have the processor vouch for it. */
  @Test
  void anotherKeyInTheDataIsRefused() {
    FakeAzure mine = new FakeAzure(AZURE.amd);
    byte[] theirs = AZURE.hcl(AZURE.data()).toByteArray();
    byte[] own = mine.hcl(mine.data()).toByteArray();
    int reportEnd = 32 + 1184;
    ByteString mixed =
        ByteString.copyFrom(theirs, 0, reportEnd)
            .concat(ByteString.copyFrom(own, reportEnd, own.length - reportEnd));
    refused(AZURE.evidence(mixed, mine.tpm, NONCE));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aReportThatTheGuestMadeItselfIsRefused(int vmpl) {
    bad(
        Reason.EVIDENCE_VMPL_WRONG,
        verify(
            AZURE.evidence(
                AZURE.hcl(AZURE.data(), report -> report.putInt(0x30, vmpl)), AZURE.tpm, NONCE)));
  }

  @Test
  void moreInTheReportThanTheDigestIsRefused() {
    refused(
        AZURE.evidence(
            AZURE.hcl(AZURE.data(), report -> report.put(0x50 + 40, (byte) 1)), AZURE.tpm, NONCE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HCLAkPub|HCLAk",
        "HCLEkPub|HCLAkPub",
        "\"sign\"|\"encrypt\"",
        "\"sign\"|\"sign\",\"decrypt\"",
        "RSA|EC",
        "AQAB|AQ",
        "AQAB|AAEAAQ",
        "\"n\":\"|\"n\":\"AAAA",
        "\"kid\"|\"kid\":\"x\",\"kid\"",
        "\"keys\":[|\"keys\":[1,",
        "\"keys\"|\"key\"",
        "\"user-data\":\"00|\"user-data\":\"",
        "\"user-data\":\"00|\"user-data\":\"0g",
        "vm-configuration\":{|vm-configuration\":[{",
        "{\"keys|[{\"keys",
      })
  void dataThatIsNotInFormIsRefused(String change) {
    String[] both = change.split("\\|");
    String data = AZURE.data();
    assertThat(data).contains(both[0]);
    refused(AZURE.evidence(AZURE.hcl(data.replace(both[0], both[1])), AZURE.tpm, NONCE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"version\": 1|\"version\": 3",
        "\"version\": 1|\"version\": \"1\"",
        "\"version\": 1, |",
        "\"version\": 1|\"version\": 1, \"version\": 1",
        "\"version\": 1|\"version\": 1, \"more\": 1",
        "hcl_report|report",
        "tpm_quote|quote",
        "message|massage",
        "\"pcrs\": [|\"pcrs\": [[256], ",
        "\"vcek\": \"|\"vcek\": \"-----BEGIN CERTIFICATE-----",
      })
  void jsonThatIsNotInFormIsRefused(String change) {
    String[] both = change.split("\\|", 2);
    String good = AZURE.evidence(NONCE).toStringUtf8();
    assertThat(good).contains(both[0]);
    refused(ByteString.copyFromUtf8(good.replace(both[0], both[1])));
  }

  @Test
  void withoutTheChipsCertificateNothingCanBeSaid() {
    ByteString bare =
        ByteString.copyFromUtf8(
            AZURE.evidence(NONCE).toStringUtf8().replaceFirst("\"vcek\": \"[^\"]*\", ", ""));
    unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, verify(bare));
    genuine(verify(bare, AZURE.amd.chain()));
  }

  @Test
  void anotherMachinesCertificateIsRefused() {
    FakeAmd other = FakeAmd.vcek(SnpProduct.GENOA);
    ByteString hcl = new FakeAzure(other).hcl(AZURE.data());
    bad(Reason.EVIDENCE_SIGNATURE_WRONG, verify(AZURE.evidence(hcl, AZURE.tpm, NONCE)));
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(AZURE.evidence(NONCE), List.of(other.leaf.certificate(), AZURE.amd.chain().get(2))));
  }

  @Test
  void theReportInsideIsTheProcessors() {
    ByteString hcl = AZURE.hcl(AZURE.data());
    AzureHclReport read = AzureHclReport.parse(hcl);
    assertThat(read.data().toStringUtf8()).isEqualTo(AZURE.data());
    assertThat(AzureHclReport.reportIn(hcl)).isEqualTo(read.report());
    assertThatThrownBy(() -> AzureHclReport.parse(read.report()))
        .isInstanceOf(RefusedException.class);
  }

  private static Verification<AzureVtpmClaims> verify(ByteString json) {
    return verify(json, AZURE.amd.chain().subList(1, 3));
  }

  private static Verification<AzureVtpmClaims> verify(
      ByteString json, List<X509Certificate> certificates) {
    return new AzureVtpmVerifier(new SnpVerifier(AZURE.amd.roots(), KNOWN))
        .verify(
            new AzureVtpmParser().parse(json),
            certificates,
            RevocationLists.NONE,
            new ExpectedReportData.Exactly(ByteString.copyFrom(NONCE)),
            FakeAuthority.NOW);
  }

  private static void refused(ByteString json) {
    assertThatThrownBy(() -> verify(json))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }
}
