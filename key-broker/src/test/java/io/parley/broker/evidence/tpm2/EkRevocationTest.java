package io.parley.broker.evidence.tpm2;

import static io.parley.broker.evidence.FakeAuthority.FROM;
import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.FakeAuthority.TO;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Revocation lists of TPMs' vendors: which of them count, and what they say. */
final class EkRevocationTest {
  private static final FakeTpm TPM = FakeTpm.ecc();
  private static final FakeTpm SWTPM = FakeTpm.swtpm();
  private static final X509CRL OF_ROOT = TPM.root.revoking(FROM, TO);
  private static final X509CRL OF_ISSUER = TPM.issuer.revoking(FROM, TO);
  private static final Instant BEFORE = NOW.minus(Duration.ofDays(2));

  @Test
  void nothingIsRevoked() {
    genuine(required(OF_ROOT, OF_ISSUER));
    genuine(optional(OF_ROOT, OF_ISSUER));
  }

  @Test
  void refusesARevokedEndorsementKey() {
    X509CRL list = TPM.issuer.revoking(FROM, TO, TPM.endorsement.certificate());
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, required(OF_ROOT, list));
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, optional(list));
  }

  @Test
  void refusesARevokedIssuer() {
    X509CRL list = TPM.root.revoking(FROM, TO, TPM.issuer.certificate());
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, required(list, OF_ISSUER));
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, optional(list));
  }

  @Test
  void everyIssuersListMustBeThere() {
    unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, required());
    unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, required(OF_ROOT));
    unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, required(OF_ISSUER));
    unchecked(
        Reason.EVIDENCE_COLLATERAL_MISSING,
        required(OF_ROOT, FakeAuthority.root("CN=another", TPM.issuer.keys()).revoking(FROM, TO)));
    genuine(optional());
    genuine(optional(OF_ROOT));
  }

  @Test
  void aListThatIsNotCurrentDoesNotCount() {
    X509CRL ended = TPM.issuer.revoking(FROM, BEFORE);
    X509CRL later = TPM.issuer.revoking(NOW.plus(Duration.ofDays(1)), TO);
    for (X509CRL list : List.of(ended, later)) {
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, required(OF_ROOT, list));
      bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, optional(list));
    }
  }

  @Test
  void aListThatItsIssuerDidNotSignDoesNotCount() {
    X509CRL forged =
        FakeAuthority.root("CN=TPMs of a year", FakeAuthority.ec("secp384r1")).revoking(FROM, TO);
    bad(Reason.EVIDENCE_COLLATERAL_WRONG, required(OF_ROOT, forged));
    bad(Reason.EVIDENCE_COLLATERAL_WRONG, optional(forged));
  }

  /** Neither an older list nor a forged newer one takes anything off the newest. */
  @Test
  void theNewestOfTheIssuersListsCounts() {
    X509CRL revoking = TPM.issuer.revoking(BEFORE, TO, TPM.endorsement.certificate());
    X509CRL forged =
        FakeAuthority.root("CN=TPMs of a year", FakeAuthority.ec("secp384r1")).revoking(NOW, TO);
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, required(OF_ROOT, OF_ISSUER, revoking));
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, required(forged, revoking, OF_ISSUER, OF_ROOT));
  }

  /** The authority of an emulator publishes none; one that does is heard. */
  @Test
  void wantsNoListOfAnEmulatedTpm() {
    genuine(verify(SWTPM, true));
    bad(
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        verify(SWTPM, true, SWTPM.issuer.revoking(FROM, TO, SWTPM.endorsement.certificate())));
  }

  @Test
  void noByteOfAListCanBeChanged() {
    byte[] right = FakeAuthority.der(OF_ISSUER).getFirst().toByteArray();
    for (int i = 0; i < right.length; i++) {
      byte[] wrong = right.clone();
      wrong[i] ^= 1;
      ByteString der = ByteString.copyFrom(wrong);
      Verification<EkCertificate> verification;
      try {
        verification = required(OF_ROOT, Certificates.parseCrl("EK", der));
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
        continue;
      }
      assertThat(verification).isNotInstanceOf(Verification.Genuine.class);
    }
  }

  @Test
  void noPartOfAListIsAList() {
    ByteString right = FakeAuthority.der(OF_ISSUER).getFirst();
    for (int size = 0; size < right.size(); size++) {
      ByteString cut = right.substring(0, size);
      assertThatThrownBy(() -> Certificates.parseCrl("EK", cut))
          .isInstanceOf(RefusedException.class);
    }
  }

  /** What was checked before says nothing about another list or another time. */
  @Test
  void isCheckedAnewEachTime() {
    KnownSignatures known = new KnownSignatures(16);
    genuine(verify(known, NOW, OF_ROOT, OF_ISSUER));
    X509CRL revoking = TPM.issuer.revoking(BEFORE, TO, TPM.endorsement.certificate());
    bad(Reason.EVIDENCE_CERTIFICATE_REVOKED, verify(known, NOW, OF_ROOT, OF_ISSUER, revoking));
    X509CRL[] short_ = {OF_ROOT, TPM.issuer.revoking(FROM, NOW)};
    genuine(verify(known, NOW, short_));
    bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, verify(known, NOW.plusSeconds(1), short_));
  }

  private static Verification<EkCertificate> required(X509CRL... lists) {
    return verify(TPM, true, lists);
  }

  private static Verification<EkCertificate> optional(X509CRL... lists) {
    return verify(TPM, false, lists);
  }

  private static Verification<EkCertificate> verify(
      FakeTpm tpm, boolean required, X509CRL... lists) {
    List<X509Certificate> chain = tpm.chain();
    return EkCertificate.verify(
        chain, tpm.roots(), new EkRevocation(new RevocationLists(List.of(lists)), required), NOW);
  }

  private static Verification<EkCertificate> verify(
      KnownSignatures known, Instant at, X509CRL... lists) {
    return EkCertificate.verify(
        TPM.chain(),
        TPM.roots(),
        new EkRevocation(new RevocationLists(List.of(lists)), true),
        at,
        known);
  }
}
