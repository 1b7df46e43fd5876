package io.parley.broker.evidence.sevsnp;

import static io.parley.broker.evidence.FakeAuthority.FROM;
import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.FakeAuthority.TO;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports of a made-up AMD: every product, both kinds of key, and what can be wrong with them. */
final class SnpVerifierTest {
  private static final byte[] REPORT_DATA = filled((byte) 7);
  private static final FakeAmd MILAN = FakeAmd.vcek(SnpProduct.MILAN);

  @ParameterizedTest
  @EnumSource(SnpProduct.class)
  void acceptsChipsAndCloudsOfEveryProduct(SnpProduct product) {
    for (FakeAmd amd : List.of(FakeAmd.vcek(product), FakeAmd.vlek(product))) {
      SnpClaims claims = genuine(verify(amd, amd.report(REPORT_DATA)));
      assertThat(claims.product()).isEqualTo(product.text());
      assertThat(claims.signer()).isEqualTo(amd.vlek ? "vlek" : "vcek");
      assertThat(claims.tcb())
          .isEqualTo(new Tcb(product == SnpProduct.TURIN ? 7 : 0, 4, 1, 20, 209));
      assertThat(claims.revocation()).isEqualTo(Revocation.NOT_CHECKED);
    }
  }

  @Test
  void refusesEveryChangeOfAReport() {
    Mutations.allRefused(MILAN.report(REPORT_DATA), bytes -> verify(MILAN, bytes));
  }

  @Test
  void refusesOtherReportDataAndOthersReports() {
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(MILAN, MILAN.report(filled((byte) 8))));
    FakeAmd other = FakeAmd.vcek(SnpProduct.MILAN);
    bad(Reason.EVIDENCE_SIGNATURE_WRONG, verify(MILAN, other.report(REPORT_DATA)));
  }

  @Test
  void refusesAChainOfAnotherProductLine() {
    FakeAmd genoa = FakeAmd.vcek(SnpProduct.GENOA);
    SnpRoots both =
        new SnpRoots(
            java.util.Map.of(
                SnpProduct.MILAN, MILAN.root.fingerprint(),
                SnpProduct.GENOA, genoa.root.fingerprint()));
    List<X509Certificate> swapped =
        List.of(MILAN.leaf.certificate(), genoa.issuer.certificate(), genoa.root.certificate());
    bad(
        Reason.EVIDENCE_PRODUCT_WRONG,
        verify(both, MILAN.report(REPORT_DATA), swapped, RevocationLists.NONE, NOW));
    bad(
        Reason.EVIDENCE_PRODUCT_WRONG,
        verify(MILAN, MILAN.sign(MILAN.unsigned(REPORT_DATA).put(0x188, (byte) 0x1a))));
  }

  @Test
  void refusesARootThatIsNotPinned() {
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        verify(SnpRoots.AMD, MILAN.report(REPORT_DATA), MILAN.chain(), RevocationLists.NONE, NOW));
  }

  @Test
  void refusesAnIssuerOfTheSameNameByAnotherRoot() {
    FakeAmd other = FakeAmd.vcek(SnpProduct.MILAN);
    List<X509Certificate> chain =
        List.of(MILAN.leaf.certificate(), other.issuer.certificate(), MILAN.root.certificate());
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(MILAN.roots(), MILAN.report(REPORT_DATA), chain, RevocationLists.NONE, NOW));
  }

  @Test
  void refusesALeafAsIssuerOfAnother() {
    FakeAmd forged = FakeAmd.vcek(SnpProduct.MILAN);
    List<X509Certificate> chain =
        List.of(forged.leaf.certificate(), forged.issuer.certificate(), MILAN.root.certificate());
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(MILAN.roots(), forged.report(REPORT_DATA), chain, RevocationLists.NONE, NOW));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2025-12-31T23:59:59Z", "2033-01-01T00:00:01Z", "2060-01-01T00:00:00Z"})
  void refusesCertificatesOutOfTheirTime(String at) {
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        verify(
            MILAN.roots(),
            MILAN.report(REPORT_DATA),
            MILAN.chain(),
            RevocationLists.NONE,
            Instant.parse(at)));
  }

  @Test
  void refusesOtherVersionsThanTheCertificates() {
    for (int at : new int[] {0x180, 0x181, 0x186, 0x187}) {
      var report = MILAN.unsigned(REPORT_DATA);
      bad(
          Reason.EVIDENCE_TCB_WRONG,
          verify(MILAN, MILAN.sign(report.put(at, (byte) (report.get(at) - 1)))));
    }
  }

  @Test
  void refusesAnotherChipAndAnotherKindOfKey() {
    bad(
        Reason.EVIDENCE_CHIP_WRONG,
        verify(MILAN, MILAN.sign(MILAN.unsigned(REPORT_DATA).put(0x1a0, (byte) 1))));
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(MILAN, MILAN.sign(MILAN.unsigned(REPORT_DATA).putInt(0x48, 4))));
    FakeAmd turin = FakeAmd.vcek(SnpProduct.TURIN);
    bad(
        Reason.EVIDENCE_CHIP_WRONG,
        verify(turin, turin.sign(turin.unsigned(REPORT_DATA).put(0x1df, (byte) 1))));
  }

  @Test
  void looksAtRevocationListsOnceThereAreAny() {
    ByteString report = MILAN.report(REPORT_DATA);
    X509Certificate issuer = MILAN.issuer.certificate();
    var current = MILAN.root.revoking(FROM, TO);
    assertThat(
            genuine(
                    verify(
                        MILAN.roots(),
                        report,
                        MILAN.chain(),
                        new RevocationLists(List.of(current)),
                        NOW))
                .revocation())
        .isEqualTo(Revocation.CHECKED);
    bad(
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        withList(report, MILAN.root.revoking(FROM, TO, issuer)));
    bad(
        Reason.EVIDENCE_COLLATERAL_EXPIRED,
        withList(report, MILAN.root.revoking(FROM, NOW.minusSeconds(1))));
    FakeAmd sameName = FakeAmd.vcek(SnpProduct.MILAN);
    bad(Reason.EVIDENCE_COLLATERAL_WRONG, withList(report, sameName.root.revoking(FROM, TO)));
    unchecked(
        Reason.EVIDENCE_COLLATERAL_MISSING, withList(report, MILAN.issuer.revoking(FROM, TO)));
  }

  @Test
  void cannotCheckWithoutAChain() {
    ByteString report = MILAN.report(REPORT_DATA);
    for (int missing = 0; missing < 3; missing += 2) {
      List<X509Certificate> chain = new java.util.ArrayList<>(MILAN.chain());
      chain.remove(missing);
      unchecked(
          Reason.EVIDENCE_COLLATERAL_MISSING,
          verify(MILAN.roots(), report, chain, RevocationLists.NONE, NOW));
    }
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(
            MILAN.roots(),
            report,
            List.of(MILAN.leaf.certificate(), MILAN.root.certificate()),
            RevocationLists.NONE,
            NOW));
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(
            MILAN.roots(),
            report,
            Stream.concat(MILAN.chain().stream(), Stream.of(MILAN.chip(FROM, TO).certificate()))
                .toList(),
            RevocationLists.NONE,
            NOW));
  }

  @Test
  void saysWhetherAGuestIsInDebugModeOrMayBeMoved() {
    SnpClaims plain = genuine(verify(MILAN, MILAN.report(REPORT_DATA)));
    assertThat(plain.debug()).isFalse();
    assertThat(plain.migratable()).isFalse();
    SnpClaims open =
        genuine(verify(MILAN, MILAN.sign(MILAN.unsigned(REPORT_DATA).putLong(8, 0xf0000))));
    assertThat(open.debug()).isTrue();
    assertThat(open.migratable()).isTrue();
  }

  private static Verification<SnpClaims> withList(
      ByteString report, java.security.cert.X509CRL list) {
    return verify(MILAN.roots(), report, MILAN.chain(), new RevocationLists(List.of(list)), NOW);
  }

  private static Verification<SnpClaims> verify(FakeAmd amd, ByteString report) {
    return verify(amd.roots(), report, amd.chain(), RevocationLists.NONE, NOW);
  }

  private static Verification<SnpClaims> verify(
      SnpRoots roots,
      ByteString report,
      List<X509Certificate> chain,
      RevocationLists lists,
      Instant at) {
    return new SnpVerifier(roots)
        .verify(
            new SnpReportParser().parse(report),
            chain,
            lists,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            at);
  }

  private static byte[] filled(byte value) {
    byte[] bytes = new byte[64];
    Arrays.fill(bytes, value);
    return bytes;
  }
}
