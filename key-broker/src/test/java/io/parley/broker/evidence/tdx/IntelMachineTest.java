package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.FakeAuthority.FROM;
import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.FakeAuthority.TO;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.tdx.FakeIntel.ISSUED;
import static io.parley.broker.evidence.tdx.FakeIntel.NEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.collateral.Collateral;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import java.security.cert.X509CRL;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What was checked of a machine before is good for no longer, and for nobody else. */
final class IntelMachineTest {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final FakeIntel INTEL = new FakeIntel();

  private final TdxQuote quote = parse(INTEL);
  private final KnownMachines machines = new KnownMachines(new KnownSignatures(64));
  private final Collateral came = Collateral.read("test", INTEL.answers(INTEL.tcbInfo()));

  @Test
  void whatEndsMeanwhileIsRefusedAndBeforeItsTimeToo() {
    IntelMachine machine = machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots());
    for (int i = 0; i < 2; i++) {
      genuine(verify(machine, NOW));
      genuine(verify(machine, NEXT));
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, verify(machine, NEXT.plusMillis(1)));
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, verify(machine, ISSUED.minusMillis(1)));
      bad(Reason.EVIDENCE_CERTIFICATE_EXPIRED, verify(machine, TO.plusSeconds(1)));
      bad(Reason.EVIDENCE_CERTIFICATE_EXPIRED, verify(machine, FROM.minusSeconds(1)));
    }
  }

  @Test
  void anyOfItsListsEndsIt() {
    for (List<X509CRL> lists :
        List.of(
            List.of(INTEL.root.revoking(ISSUED, NOW), INTEL.issuer.revoking(ISSUED, NEXT)),
            List.of(INTEL.root.revoking(ISSUED, NEXT), INTEL.issuer.revoking(ISSUED, NOW)))) {
      IntelMachine machine =
          new IntelMachine(
              quote.chain(),
              INTEL.collateral(INTEL.tcbInfo(), INTEL.qeIdentity(), lists),
              INTEL.roots(),
              KnownSignatures.none());
      genuine(verify(machine, NOW));
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, verify(machine, NOW.plusSeconds(1)));
      genuine(verify(machine, NOW));
    }
  }

  @Test
  void whatTheBrokerHearsOfRevocationCountsAtOnce() {
    genuine(verify(machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots()), NOW));
    X509CRL news = INTEL.issuer.revoking(NOW.minusSeconds(1), NEXT, INTEL.pck.certificate());
    Collateral own = new Collateral(List.of(), new RevocationLists(List.of(news)), List.of());
    bad(
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        verify(machines.machine(quote.chain(), came, own, INTEL.roots()), NOW));
  }

  @Test
  void anAgreementWithOtherRootsIsAnsweredByThose() {
    genuine(verify(machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots()), NOW));
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        verify(
            machines.machine(quote.chain(), came, Collateral.NONE, Set.of(TdxVerifier.INTEL)),
            NOW));
  }

  @Test
  void eachQuoteIsJudgedByItself() {
    IntelMachine machine = machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots());
    assertThat(genuine(verify(machine, NOW)).tcb().status()).isEqualTo(TcbStatus.UP_TO_DATE);
    TdxQuote old =
        new TdxQuoteParser().parse(INTEL.quote(4, INTEL.body(4, REPORT_DATA).put(2, (byte) 4)));
    assertThat(genuine(verify(old, machine, NOW)).tcb().status()).isEqualTo(TcbStatus.OUT_OF_DATE);
    TdxQuote others = parse(new FakeIntel());
    assertThatThrownBy(() -> verify(others, machine, NOW)).isInstanceOf(BugException.class);
  }

  @Test
  void theSameObjectsAreTheSameMachine() {
    IntelMachine machine = machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots());
    assertThat(machines.machine(quote.chain(), came, Collateral.NONE, INTEL.roots()))
        .isSameAs(machine);
    assertThat(
            machines.machine(
                List.copyOf(parse(INTEL).chain()), came, Collateral.NONE, INTEL.roots()))
        .isNotSameAs(machine);
  }

  private static TdxQuote parse(FakeIntel intel) {
    return new TdxQuoteParser().parse(intel.quote(4, REPORT_DATA));
  }

  private Verification<TdxClaims> verify(IntelMachine machine, Instant at) {
    return verify(quote, machine, at);
  }

  private static Verification<TdxClaims> verify(TdxQuote quote, IntelMachine machine, Instant at) {
    return TdxVerifier.verify(
        quote, machine, new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)), at);
  }
}
