package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static io.parley.broker.evidence.tdx.FakeIntel.ISSUED;
import static io.parley.broker.evidence.tdx.FakeIntel.NEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quotes and collateral of a made-up Intel, and what can be wrong with them. */
final class TdxVerifierTest {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final FakeIntel INTEL = new FakeIntel();

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void acceptsAQuoteWithItsCollateral(int version) {
    TdxClaims claims = genuine(verify(INTEL.quote(version, REPORT_DATA), INTEL.collateral()));
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.UP_TO_DATE);
    assertThat(claims.tcb().evaluation()).isEqualTo(17);
    assertThat(claims.tcb().advisories()).isEmpty();
    assertThat(claims.revocation()).isEqualTo(Revocation.CHECKED);
    assertThat(claims.debug()).isFalse();
    assertThat(claims.body().rtmrs()).hasSize(4);
  }

  @Test
  void saysSoWhereThereIsNoCollateral() {
    TdxClaims claims = genuine(verify(INTEL.quote(4, REPORT_DATA), TdxCollateral.NONE));
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.NOT_CHECKED);
    assertThat(claims.revocation()).isEqualTo(Revocation.NOT_CHECKED);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void refusesEveryChangeOfAQuote(int version) {
    Mutations.allRefused(
        INTEL.quote(version, REPORT_DATA), bytes -> verify(bytes, TdxCollateral.NONE));
  }

  @Test
  void acceptsTheZerosOfTheBufferAndNoOtherEnd() {
    ByteString quote = INTEL.quote(4, REPORT_DATA);
    genuine(verify(quote.concat(ByteString.copyFrom(new byte[70])), TdxCollateral.NONE));
    for (int zeros : new int[] {1, 69, 71, 1000}) {
      ByteString longer = quote.concat(ByteString.copyFrom(new byte[zeros]));
      malformed(() -> verify(longer, TdxCollateral.NONE));
    }
    byte[] end = new byte[70];
    end[69] = 1;
    malformed(() -> verify(quote.concat(ByteString.copyFrom(end)), TdxCollateral.NONE));
  }

  @Test
  void refusesOtherReportDataAndOthersQuotes() {
    byte[] other = REPORT_DATA.clone();
    other[0] = 1;
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(INTEL.quote(4, other), INTEL.collateral()));
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        verify(new FakeIntel().quote(4, REPORT_DATA), INTEL.collateral()));
  }

  @Test
  void refusesAKeyThatTheQuotingEnclaveDoesNotVouchFor() {
    var enclave = INTEL.enclave();
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(
            INTEL.quote(4, INTEL.body(4, REPORT_DATA), enclave.put(320, (byte) ~enclave.get(320))),
            TdxCollateral.NONE));
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(
            INTEL.quote(4, INTEL.body(4, REPORT_DATA), INTEL.enclave().put(352, (byte) 1)),
            TdxCollateral.NONE));
  }

  @Test
  void refusesQuotingEnclavesOfOthersAndOpenOnes() {
    for (int[] change : new int[][] {{128, 1}, {256, 3}, {48, 0x17}}) {
      bad(
          Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
          verify(
              INTEL.quote(
                  4, INTEL.body(4, REPORT_DATA), INTEL.enclave().put(change[0], (byte) change[1])),
              TdxCollateral.NONE));
    }
  }

  @Test
  void refusesAnotherModuleThanIntels() {
    for (int at : new int[] {64, 112}) {
      bad(
          Reason.EVIDENCE_PLATFORM_WRONG,
          verify(INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(at, (byte) 1)), TdxCollateral.NONE));
    }
  }

  @Test
  void saysThatATdIsUnderDebug() {
    for (int bit : new int[] {1, 2, 0x80}) {
      assertThat(
              genuine(
                      verify(
                          INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(120, (byte) bit)),
                          TdxCollateral.NONE))
                  .debug())
          .isTrue();
    }
  }

  @Test
  void saysThatATdMayBeMigrated() {
    ByteBuffer serviceTd = INTEL.body(5, REPORT_DATA).put(647, (byte) 1);
    TdxClaims bound = genuine(verify(INTEL.quote(5, serviceTd), TdxCollateral.NONE));
    assertThat(bound.migratable()).isFalse();
    assertThat(bound.fields()).containsEntry("mr_service_td", "00".repeat(47) + "01");
    for (int version : new int[] {4, 5}) {
      ByteBuffer body = INTEL.body(version, REPORT_DATA);
      body.put(123, (byte) (body.get(123) | 0x20));
      assertThat(genuine(verify(INTEL.quote(version, body), TdxCollateral.NONE)).migratable())
          .isTrue();
    }
  }

  @Test
  void tellsHowOldAPlatformIs() {
    TdxClaims old =
        genuine(
            verify(
                INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(2, (byte) 4)), INTEL.collateral()));
    assertThat(old.tcb().status()).isEqualTo(TcbStatus.OUT_OF_DATE);
    assertThat(old.tcb().advisories()).containsExactly("INTEL-SA-00001");
    TdxClaims oldModule =
        genuine(
            verify(
                INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(0, (byte) 3)), INTEL.collateral()));
    assertThat(oldModule.tcb().status()).isEqualTo(TcbStatus.OUT_OF_DATE);
    assertThat(oldModule.tcb().advisories()).containsExactly("INTEL-SA-00003");
    TdxClaims oldEnclave =
        genuine(
            verify(
                INTEL.quote(
                    4, INTEL.body(4, REPORT_DATA), INTEL.enclave().putShort(258, (short) 5)),
                INTEL.collateral()));
    assertThat(oldEnclave.tcb().status()).isEqualTo(TcbStatus.OUT_OF_DATE);
    assertThat(oldEnclave.tcb().advisories()).containsExactly("INTEL-SA-00002");
  }

  @Test
  void refusesPlatformsThatIntelDoesNotKnow() {
    bad(
        Reason.EVIDENCE_TCB_WRONG,
        verify(INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(2, (byte) 2)), INTEL.collateral()));
    bad(
        Reason.EVIDENCE_TCB_WRONG,
        verify(INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(1, (byte) 2)), INTEL.collateral()));
    bad(
        Reason.EVIDENCE_TCB_WRONG,
        verify(INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(0, (byte) 1)), INTEL.collateral()));
    bad(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        verify(
            INTEL.quote(4, INTEL.body(4, REPORT_DATA), INTEL.enclave().putShort(258, (short) 3)),
            INTEL.collateral()));
  }

  @Test
  void refusesARevokedPlatform() {
    bad(
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        verify(
            INTEL.quote(4, REPORT_DATA),
            INTEL.collateral(
                INTEL
                    .tcbInfo()
                    .replaceFirst("\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"Revoked\""),
                INTEL.qeIdentity())));
  }

  @Test
  void refusesCollateralOfOtherPlatformsAndOtherKinds() {
    for (String[] change :
        new String[][] {{"00112233aabb", "00112233aabc"}, {"\"TDX\"", "\"SGX\""}}) {
      bad(
          Reason.EVIDENCE_COLLATERAL_WRONG,
          verify(
              INTEL.quote(4, REPORT_DATA),
              INTEL.collateral(INTEL.tcbInfo().replace(change[0], change[1]), INTEL.qeIdentity())));
    }
    bad(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        verify(
            INTEL.quote(4, REPORT_DATA),
            INTEL.collateral(INTEL.tcbInfo(), INTEL.qeIdentity().replace("TD_QE", "QE"))));
  }

  @Test
  void refusesCollateralThatIsNotSignedByIntel() {
    TdxCollateral right = INTEL.collateral();
    FakeIntel other = new FakeIntel();
    for (TdxCollateral wrong :
        List.of(
            new TdxCollateral(
                other.signed("TCB info", INTEL.tcbInfo()),
                right.qeIdentity(),
                right.certificates(),
                right.lists()),
            new TdxCollateral(
                right.tcbInfo(),
                other.signed("QE identity", INTEL.qeIdentity()),
                right.certificates(),
                right.lists()))) {
      bad(Reason.EVIDENCE_COLLATERAL_WRONG, verify(INTEL.quote(4, REPORT_DATA), wrong));
    }
    List<X509Certificate> others = List.of(other.signer.certificate(), other.root.certificate());
    bad(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        verify(
            INTEL.quote(4, REPORT_DATA),
            new TdxCollateral(right.tcbInfo(), right.qeIdentity(), others, right.lists())));
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        verify(
            INTEL.quote(4, REPORT_DATA),
            new TdxCollateral(
                other.signed("TCB info", INTEL.tcbInfo()),
                other.signed("QE identity", INTEL.qeIdentity()),
                others,
                right.lists())));
  }

  @Test
  void refusesCollateralOutOfItsTime() {
    for (Instant at : List.of(ISSUED.minusSeconds(1), NEXT.plusSeconds(1))) {
      bad(
          Reason.EVIDENCE_COLLATERAL_EXPIRED,
          verify(INTEL.quote(4, REPORT_DATA), INTEL.collateral(), at));
      TdxCollateral longLists =
          INTEL.collateral(
              INTEL.tcbInfo(),
              INTEL.qeIdentity(),
              List.of(
                  INTEL.root.revoking(ISSUED.minusSeconds(9), NEXT.plusSeconds(9)),
                  INTEL.issuer.revoking(ISSUED.minusSeconds(9), NEXT.plusSeconds(9))));
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, verify(INTEL.quote(4, REPORT_DATA), longLists, at));
    }
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        verify(
            INTEL.quote(4, REPORT_DATA),
            INTEL.collateral(),
            Instant.parse("2060-01-01T00:00:00Z")));
  }

  @Test
  void refusesRevokedCertificates() {
    var root = INTEL.root.revoking(ISSUED, NEXT);
    var issuer = INTEL.issuer.revoking(ISSUED, NEXT);
    for (var lists :
        List.of(
            List.of(root, INTEL.issuer.revoking(ISSUED, NEXT, INTEL.pck.certificate())),
            List.of(INTEL.root.revoking(ISSUED, NEXT, INTEL.issuer.certificate()), issuer),
            List.of(INTEL.root.revoking(ISSUED, NEXT, INTEL.signer.certificate()), issuer))) {
      bad(
          Reason.EVIDENCE_CERTIFICATE_REVOKED,
          verify(
              INTEL.quote(4, REPORT_DATA),
              INTEL.collateral(INTEL.tcbInfo(), INTEL.qeIdentity(), lists)));
    }
  }

  @Test
  void cannotCheckWithAPartOfTheCollateral() {
    TdxCollateral all = INTEL.collateral();
    for (TdxCollateral part :
        List.of(
            new TdxCollateral(null, all.qeIdentity(), all.certificates(), all.lists()),
            new TdxCollateral(all.tcbInfo(), null, all.certificates(), all.lists()),
            new TdxCollateral(all.tcbInfo(), all.qeIdentity(), List.of(), all.lists()),
            new TdxCollateral(
                all.tcbInfo(), all.qeIdentity(), all.certificates(), RevocationLists.NONE),
            new TdxCollateral(null, null, List.of(), all.lists()))) {
      unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, verify(INTEL.quote(4, REPORT_DATA), part));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"\"}",
        "{\"tcbInfo\":{}}",
        "{\"tcbInfo\":{},\"signature\":\"00\"}",
        "{\"tcbInfo\":[],\"signature\":\"00\"}",
        "{\"tcb_info\":\"{}\"}"
      })
  void refusesCollateralThatIsNone(String json) {
    malformed(() -> new TdxCollateralParser().json(ByteString.copyFromUtf8(json)));
  }

  private static void malformed(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }

  private static Verification<TdxClaims> verify(ByteString quote, TdxCollateral collateral) {
    return verify(quote, collateral, NOW);
  }

  private static Verification<TdxClaims> verify(
      ByteString quote, TdxCollateral collateral, Instant at) {
    return new TdxVerifier(INTEL.roots())
        .verify(
            new TdxQuoteParser().parse(quote),
            collateral,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            at);
  }
}
