package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignedAgreementTest {
  private static final Samples SAMPLES = new Samples();
  private final SignedAgreement unsigned = SignedAgreement.unsigned(SAMPLES.agreement());
  private final DsseSignature byHospital = unsigned.sign("hospital", SAMPLES.hospital.signingKey());
  private final DsseSignature byInsurer = unsigned.sign("insurer", SAMPLES.insurer.signingKey());

  @Test
  void isCompleteWhenEveryPartyHasSigned() {
    assertThat(unsigned.missing()).containsExactly("hospital", "insurer");
    SignedAgreement one = unsigned.with(byHospital);
    assertThat(one.signedBy()).containsExactly("hospital");
    assertThat(one.missing()).containsExactly("insurer");
    assertThat(one.complete()).isFalse();
    SignedAgreement both = one.with(byInsurer);
    assertThat(both.complete()).isTrue();
    assertThat(both.requireComplete()).isEqualTo(both);
    assertThat(both.digest()).isEqualTo(unsigned.digest());
  }

  @Test
  void saysWhoHasNotSigned() {
    assertThatThrownBy(() -> unsigned.with(byHospital).requireComplete())
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_SIGNATURE))
        .hasMessageContaining("lacks a valid signature of insurer");
  }

  @Test
  void refusesTheWrongSigner() {
    DsseSignature posing = unsigned.sign("insurer", SAMPLES.hospital.signingKey());
    assertThatThrownBy(() -> unsigned.with(posing)).hasMessageContaining("does not verify");
    DsseSignature stranger = unsigned.sign("bank", SigningKey.generate(new SecureRandom()));
    assertThatThrownBy(() -> unsigned.with(stranger)).hasMessageContaining("'bank'");
  }

  @Test
  void wrongSignaturesCountForNothing() {
    SignedAgreement posed =
        new SignedAgreement(
            unsigned.payload(),
            List.of(
                byHospital,
                new DsseSignature("insurer", byHospital.sig()),
                new DsseSignature("bank", byInsurer.sig()),
                new DsseSignature("insurer", ByteString.EMPTY)));
    assertThat(posed.signedBy()).containsExactly("hospital");
    assertThat(posed.complete()).isFalse();
    assertThat(posed.with(byInsurer).complete()).isTrue();
  }

  @Test
  void onePartySigningTwiceIsNotTwoParties() {
    SignedAgreement twice = unsigned.with(byHospital).with(byHospital);
    assertThat(twice.signatures()).hasSize(1);
    assertThat(twice.missing()).containsExactly("insurer");
  }

  @Test
  void everyFlippedBitOfASignatureFails() {
    byte[] sig = byHospital.sig().toByteArray();
    for (int i = 0; i < sig.length; i++) {
      sig[i] ^= 1;
      DsseSignature flipped = new DsseSignature("hospital", ByteString.copyFrom(sig));
      assertThatThrownBy(() -> unsigned.with(flipped)).isInstanceOf(RefusedException.class);
      sig[i] ^= 1;
    }
  }

  /** Whatever a changed byte makes of the agreement, nobody has signed it. */
  @Test
  void everyMutatedPayloadLosesItsSignatures() {
    byte[] payload = unsigned.payload().toByteArray();
    int stillAgreements = 0;
    for (int i = 0; i < payload.length; i++) {
      payload[i] ^= 1;
      try {
        SignedAgreement changed =
            new SignedAgreement(ByteString.copyFrom(payload), List.of(byHospital, byInsurer));
        assertThat(changed.signedBy()).isEmpty();
        assertThat(changed.digest()).isNotEqualTo(unsigned.digest());
        stillAgreements++;
      } catch (RefusedException e) {
        assertThat(e.reason()).isIn(Reason.INVALID_AGREEMENT, Reason.INVALID_REQUEST);
      }
      payload[i] ^= 1;
    }
    assertThat(stillAgreements).isPositive();
  }

  @Test
  void aSignatureOnAnotherAgreementIsNoneOnThis() {
    SignedAgreement other =
        SignedAgreement.unsigned(
            SAMPLES.agreement(
                Samples.admissions(),
                new Dataset("other", "insurer", Samples.claims().columns(), List.of())));
    assertThatThrownBy(() -> other.with(byHospital)).isInstanceOf(RefusedException.class);
  }

  @Test
  void survivesAFile() {
    SignedAgreement signed = unsigned.with(byHospital).with(byInsurer);
    assertThat(SignedAgreement.fromEnvelope(signed.toEnvelope())).isEqualTo(signed);
    assertThat(signed.toString()).contains("claims-by-ward").contains("[hospital, insurer]");
  }

  @Test
  void refusesAnEnvelopeOfSomethingElse() {
    DsseEnvelope receipt =
        new DsseEnvelope(Dsse.RECEIPT_TYPE, unsigned.payload(), List.of(byHospital));
    assertThatThrownBy(() -> SignedAgreement.fromEnvelope(receipt))
        .hasMessageContaining("expected 'application/vnd.parley.agreement.v1+protobuf'");
  }
}
