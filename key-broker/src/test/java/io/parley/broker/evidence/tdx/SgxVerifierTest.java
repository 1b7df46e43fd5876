package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.SgxClaims;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Quotes of made-up SGX enclaves, and what somebody could do to them. */
final class SgxVerifierTest {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final FakeIntel INTEL = new FakeIntel();
  private static final KnownSignatures KNOWN = new KnownSignatures(100);

  private static ByteString good() {
    return INTEL.sgxQuote(INTEL.sgxReport(REPORT_DATA));
  }

  @Test
  void isGenuineOverItsOwnReportDataOnly() {
    SgxClaims claims = genuine(verify(good(), TdxCollateral.NONE));
    assertThat(Hex.of(claims.mrEnclave())).isEqualTo("ab".repeat(32));
    assertThat(Hex.of(claims.mrSigner())).isEqualTo("cd".repeat(32));
    assertThat(claims.debug()).isFalse();
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.NOT_CHECKED);
    byte[] other = REPORT_DATA.clone();
    other[63] = 1;
    bad(
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        verify(INTEL.sgxQuote(INTEL.sgxReport(other)), TdxCollateral.NONE));
  }

  @Test
  void everyChangeIsRefused() {
    Mutations.allRefused(good(), bytes -> verify(bytes, TdxCollateral.NONE));
  }

  @Test
  void saysThatAnEnclaveIsOpen() {
    ByteBuffer open = INTEL.sgxReport(REPORT_DATA).put(48, (byte) 7);
    assertThat(genuine(verify(INTEL.sgxQuote(open), TdxCollateral.NONE)).debug()).isTrue();
  }

  @Test
  void isAsNewAsItsCollateralSays() {
    SgxClaims claims = genuine(verify(good(), collateral()));
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.UP_TO_DATE);
    assertThat(claims.tcb().advisories()).isEmpty();
    TdxCollateral newer =
        INTEL.collateral(
            INTEL.sgxTcbInfo().replace("{\"svn\":5}", "{\"svn\":9}"), INTEL.sgxQeIdentity());
    SgxClaims old = genuine(verify(good(), newer));
    assertThat(old.tcb().status()).isEqualTo(TcbStatus.OUT_OF_DATE);
    assertThat(old.tcb().advisories()).containsExactly("INTEL-SA-00001");
    ByteBuffer older = INTEL.enclave(IntelTee.SGX).putShort(258, (short) 4);
    SgxClaims quoting =
        genuine(verify(INTEL.sgxQuote(INTEL.sgxReport(REPORT_DATA), older), collateral()));
    assertThat(quoting.tcb().advisories()).containsExactly("INTEL-SA-00002");
  }

  /** What Intel says of a platform to those who quote TDs is not about SGX. */
  @Test
  void collateralOfTdsIsRefused() {
    bad(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        verify(good(), INTEL.collateral(INTEL.tcbInfo(), INTEL.sgxQeIdentity())));
    bad(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        verify(good(), INTEL.collateral(INTEL.sgxTcbInfo(), INTEL.qeIdentity())));
    unchecked(
        Reason.EVIDENCE_COLLATERAL_MISSING,
        verify(good(), INTEL.collateral(INTEL.sgxTcbInfo(), INTEL.sgxQeIdentity(), List.of())));
  }

  @Test
  void quotingEnclavesOfOthersAndOpenOnesAreRefused() {
    ByteBuffer report = INTEL.sgxReport(REPORT_DATA);
    for (ByteBuffer enclave :
        List.of(
            INTEL.enclave(IntelTee.TDX),
            INTEL.enclave(IntelTee.SGX).put(128, (byte) 0),
            INTEL.enclave(IntelTee.SGX).putShort(256, (short) 2),
            INTEL.enclave(IntelTee.SGX).put(48, (byte) 0x17))) {
      bad(
          Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
          verify(INTEL.sgxQuote(report, enclave), TdxCollateral.NONE));
    }
    bad(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        new TdxVerifier(INTEL.roots())
            .verify(
                new TdxQuoteParser()
                    .parse(INTEL.quote(4, INTEL.body(4, REPORT_DATA), INTEL.enclave(IntelTee.SGX))),
                TdxCollateral.NONE,
                new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
                FakeAuthority.NOW));
  }

  @Test
  void aKeyThatTheQuotingEnclaveDoesNotVouchForIsRefused() {
    ByteBuffer enclave = INTEL.enclave(IntelTee.SGX).put(320, (byte) 1).put(321, (byte) 2);
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(INTEL.sgxQuote(INTEL.sgxReport(REPORT_DATA), enclave), TdxCollateral.NONE));
  }

  @Test
  void aRootThatIsNotTrustedIsRefused() {
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        verify(new FakeIntel().sgxQuote(INTEL.sgxReport(REPORT_DATA)), TdxCollateral.NONE));
  }

  @Test
  void quotesOfSomethingElseAreRefused() {
    refused(Reason.EVIDENCE_PLATFORM_WRONG, INTEL.quote(4, REPORT_DATA));
    refused(Reason.EVIDENCE_PLATFORM_WRONG, INTEL.quote(5, REPORT_DATA));
    refused(Reason.EVIDENCE_PLATFORM_WRONG, changed(0, 4));
    refused(Reason.EVIDENCE_PLATFORM_WRONG, changed(4, 0x81));
    refused(Reason.INVALID_EVIDENCE, changed(2, 3));
    refused(Reason.INVALID_EVIDENCE, changed(12, 0));
    refused(Reason.INVALID_EVIDENCE, changed(432 + 3, 0x7f));
    refused(Reason.INVALID_EVIDENCE, good().concat(ByteString.copyFrom(new byte[16 << 10])));
  }

  private static ByteString changed(int at, int value) {
    byte[] bytes = good().toByteArray();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).put(at, (byte) value);
    return ByteString.copyFrom(bytes);
  }

  private static void refused(Reason reason, ByteString quote) {
    assertThatThrownBy(() -> new SgxQuoteParser().parse(quote))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static TdxCollateral collateral() {
    return INTEL.collateral(INTEL.sgxTcbInfo(), INTEL.sgxQeIdentity());
  }

  private static Verification<SgxClaims> verify(ByteString quote, TdxCollateral collateral) {
    return new SgxVerifier(INTEL.roots(), KNOWN)
        .verify(
            new SgxQuoteParser().parse(quote),
            collateral,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
  }
}
