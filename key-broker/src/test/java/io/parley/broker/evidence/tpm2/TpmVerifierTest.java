package io.parley.broker.evidence.tpm2;

import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static io.parley.broker.evidence.tpm2.EkRevocation.NOT_REQUIRED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Verification;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quotes of made-up TPMs, the activation of credentials, and what can be wrong with them. */
final class TpmVerifierTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] REPORT_DATA = new byte[64];
  private static final FakeTpm RSA = FakeTpm.rsa();
  private static final FakeTpm ECC = FakeTpm.ecc();

  @Test
  void acceptsQuotesOfActivatedKeys() {
    for (FakeTpm tpm : List.of(RSA, ECC)) {
      TpmClaims claims = genuine(verify(tpm, FakeTpm.attest(REPORT_DATA), activated(tpm)));
      assertThat(claims.anchor()).isEqualTo("a-vendor");
      assertThat(claims.pcrs().keySet()).containsExactly(0, 7, 11);
      assertThat(claims.resetCount()).isEqualTo(2);
    }
  }

  @Test
  void refusesEveryChangeOfAQuoteAndItsSignature() {
    for (FakeTpm tpm : List.of(RSA, ECC)) {
      TpmAnchor anchor = activated(tpm);
      ByteString attest = FakeTpm.attest(REPORT_DATA);
      ByteString signature = tpm.sign(attest);
      Mutations.allRefused(
          attest, bytes -> verify(parse(bytes, signature, FakeTpm.pcrs(), tpm.key()), anchor));
      Mutations.allRefused(
          signature, bytes -> verify(parse(attest, bytes, FakeTpm.pcrs(), tpm.key()), anchor));
      Mutations.allRefused(
          tpm.area(),
          bytes -> verify(parse(attest, signature, FakeTpm.pcrs(), TpmKey.parse(bytes)), anchor));
    }
  }

  @Test
  void acceptsRsaPss() {
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    ByteString signature = RSA.signPss(attest);
    genuine(verify(parse(attest, signature, FakeTpm.pcrs(), RSA.key()), activated(RSA)));
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        verify(
            parse(attest, FakeTpm.rsa().signPss(attest), FakeTpm.pcrs(), RSA.key()),
            activated(RSA)));
  }

  @Test
  void refusesOtherReportDataAndOthersQuotes() {
    byte[] old = REPORT_DATA.clone();
    old[1] = 1;
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(ECC, FakeTpm.attest(old), activated(ECC)));
    FakeTpm other = FakeTpm.ecc();
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(other, FakeTpm.attest(REPORT_DATA), activated(ECC)));
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        verify(parse(attest, other.sign(attest), FakeTpm.pcrs(), ECC.key()), activated(ECC)));
  }

  @Test
  void refusesOtherRegistersThanTheQuoted() {
    List<ByteString> pcrs = new java.util.ArrayList<>(FakeTpm.pcrs());
    java.util.Collections.swap(pcrs, 0, 1);
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    bad(
        Reason.EVIDENCE_PCR_WRONG,
        verify(parse(attest, ECC.sign(attest), pcrs, ECC.key()), activated(ECC)));
    pcrs.removeLast();
    assertThatThrownBy(() -> parse(attest, ECC.sign(attest), pcrs, ECC.key()))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void cannotTrustAKeyWithoutAnAnchor() {
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    unchecked(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, verify(ECC, attest, new TpmAnchor.None()));
    unchecked(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(
            new TpmQuoteParser().parse(attest, ECC.sign(attest), FakeTpm.pcrs(), null),
            activated(ECC)));
  }

  @Test
  void acceptsAPinnedKeyAndNoOther() {
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    assertThat(
            genuine(verify(RSA, attest, new TpmAnchor.PinnedKey(RSA.key().fingerprint()))).anchor())
        .isEqualTo("pinned-key");
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        verify(RSA, attest, new TpmAnchor.PinnedKey(ECC.key().fingerprint())));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0x00040072, // not restricted: it signs anything
        0x00050070, // not fixed to this TPM
        0x00050062, // not fixed to its parent
        0x00050052, // not made by the TPM
        0x00070072, // decrypts as well
      })
  void activatesNoKeyThatCouldSignOtherThings(int attributes) {
    FakeTpm loose = FakeTpm.withAttributes(attributes);
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        CredentialActivation.challenge(endorsed(loose), loose.key(), RANDOM));
    TpmKey bare = TpmKey.parse(ByteString.copyFrom(loose.attestation.getPublic().getEncoded()));
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        CredentialActivation.challenge(endorsed(loose), bare, RANDOM));
  }

  @Test
  void takesOneAnswerToAChallenge() {
    CredentialActivation challenge =
        genuine(CredentialActivation.challenge(endorsed(ECC), ECC.key(), RANDOM));
    ByteString answer = ECC.activate(challenge.credentialBlob(), challenge.encryptedSecret());
    assertThat(answer).hasSize(32);
    genuine(challenge.answer(answer));
    bad(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, challenge.answer(answer));
    bad(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        challenge.answer(ByteString.copyFrom(new byte[32])));
  }

  static Stream<KeyPair> endorsementKeys() {
    return Stream.of(
        FakeAuthority.rsa(),
        FakeAuthority.rsa(3072),
        FakeAuthority.ec("secp256r1"),
        FakeAuthority.ec("secp384r1"));
  }

  @ParameterizedTest
  @MethodSource("endorsementKeys")
  void everyTemplatesKeyOpensItsCredentialAndNoChangeOfIt(KeyPair endorsement) {
    FakeTpm tpm = FakeTpm.endorsedBy(endorsement);
    CredentialActivation challenge =
        genuine(CredentialActivation.challenge(endorsed(tpm), tpm.key(), RANDOM));
    ByteString blob = challenge.credentialBlob();
    // After both sizes.
    for (int i = 4; i < blob.size(); i++) {
      byte[] flipped = blob.toByteArray();
      flipped[i] ^= 1;
      assertThat(tpm.activate(ByteString.copyFrom(flipped), challenge.encryptedSecret())).isEmpty();
    }
    genuine(challenge.answer(tpm.activate(blob, challenge.encryptedSecret())));
  }

  @Test
  void makesNoCredentialForAKeyOfAnotherType() {
    for (KeyPair other : List.of(FakeAuthority.ec("secp521r1"), FakeAuthority.rsa(4096))) {
      FakeTpm tpm = FakeTpm.endorsedBy(other);
      bad(
          Reason.EVIDENCE_CHAIN_WRONG,
          CredentialActivation.challenge(endorsed(tpm), tpm.key(), RANDOM));
    }
  }

  @Test
  void anotherTpmCannotAnswer() {
    FakeTpm other = FakeTpm.ecc();
    CredentialActivation challenge =
        genuine(CredentialActivation.challenge(endorsed(ECC), other.key(), RANDOM));
    assertThat(ECC.activate(challenge.credentialBlob(), challenge.encryptedSecret())).isEmpty();
    assertThat(other.activate(challenge.credentialBlob(), challenge.encryptedSecret())).isEmpty();
  }

  @Test
  void refusesEndorsementKeysWithoutAVendor() {
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        EkCertificate.verify(ECC.chain(), FakeTpm.ecc().roots(), NOT_REQUIRED, NOW));
    bad(
        Reason.EVIDENCE_ROOT_UNKNOWN,
        EkCertificate.verify(ECC.chain(), Map.of(), NOT_REQUIRED, NOW));
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        EkCertificate.verify(
            ECC.chain(), ECC.roots(), NOT_REQUIRED, Instant.parse("2060-01-01T00:00:00Z")));
    FakeAuthority other = ECC.root.leaf("CN=no EK", FakeAuthority.ec("secp256r1"), List.of());
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        EkCertificate.verify(
            List.of(other.certificate(), ECC.root.certificate()), ECC.roots(), NOT_REQUIRED, NOW));
  }

  private static EkCertificate endorsed(FakeTpm tpm) {
    return genuine(EkCertificate.verify(tpm.chain(), tpm.roots(), NOT_REQUIRED, NOW));
  }

  private static TpmAnchor activated(FakeTpm tpm) {
    CredentialActivation challenge =
        genuine(CredentialActivation.challenge(endorsed(tpm), tpm.key(), RANDOM));
    return new TpmAnchor.Activated(
        genuine(
            challenge.answer(
                tpm.activate(challenge.credentialBlob(), challenge.encryptedSecret()))));
  }

  private static TpmQuote parse(
      ByteString attest, ByteString signature, List<ByteString> pcrs, TpmKey key) {
    return new TpmQuoteParser().parse(attest, signature, pcrs, key);
  }

  private static Verification<TpmClaims> verify(FakeTpm tpm, ByteString attest, TpmAnchor anchor) {
    return verify(parse(attest, tpm.sign(attest), FakeTpm.pcrs(), tpm.key()), anchor);
  }

  private static Verification<TpmClaims> verify(TpmQuote quote, TpmAnchor anchor) {
    return new TpmVerifier()
        .verify(quote, anchor, new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)));
  }
}
