package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.evidence.Evidence;
import io.parley.evidence.TpmDocument;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials for TPMs: for whom, for how long, and what no credential is made for. */
final class CredentialTest {
  @TempDir Path folder;
  private HardwareWorld world;

  @BeforeEach
  void start() throws Exception {
    world = new HardwareWorld(folder.resolve("broker"));
  }

  @AfterEach
  void stop() {
    world.close();
  }

  @Test
  void isForNodesAndForTheirOwnEnclaves() {
    CreateCredentialRequest request = HardwareWorld.request(world.tpm, world.job, INSURER);
    for (Role role : List.of(Role.ANALYST, Role.OPERATOR)) {
      refused(
          Reason.ROLE_MISSING, () -> world.broker.keys(INSURER, role).createCredential(request));
    }
    refused(
        Reason.EVIDENCE_PARTY_WRONG, () -> world.broker.keys(HOSPITAL).createCredential(request));
    refused(
        Reason.NOT_A_PARTY,
        () ->
            world
                .broker
                .keys(TestConsortium.REGISTRY)
                .createCredential(request.toBuilder().setParty(TestConsortium.REGISTRY).build()));
    refused(
        Reason.JOB_NOT_FOUND,
        () ->
            world
                .broker
                .keys(INSURER)
                .createCredential(request.toBuilder().setJobId("0".repeat(32)).build()));
    var unused =
        world
            .broker
            .agreements(HOSPITAL)
            .haltAgreement(
                HaltAgreementRequest.newBuilder()
                    .setAgreementSha256(world.signed.digest().value())
                    .build());
    refused(Reason.AGREEMENT_HALTED, () -> world.broker.keys(INSURER).createCredential(request));
  }

  @Test
  void isGoodForItsTime() {
    TpmDocument.Credential.Answer answer = world.credential(world.tpm, world.job, INSURER);
    world.broker.time().pass(Duration.ofMinutes(5));
    Evidence late = evidence(answer);
    refused(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, () -> world.request(INSURER, late));
  }

  @Test
  void isForgottenWhenTheBrokerStops() {
    TpmDocument.Credential.Answer answer = world.credential(world.tpm, world.job, INSURER);
    world.broker.restart();
    Evidence after = evidence(answer);
    refused(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, () -> world.request(INSURER, after));
  }

  /** Whoever asks without end gets no more, and takes nothing from others. */
  @Test
  void onePartyHasOnlySoManyOut() {
    CreateCredentialRequest request = HardwareWorld.request(world.tpm, world.job, INSURER);
    for (int i = 0; i < 256; i++) {
      assertThat(world.broker.keys(INSURER).createCredential(request).getCredentialId().size())
          .isEqualTo(32);
    }
    refused(Reason.TOO_MANY, () -> world.broker.keys(INSURER).createCredential(request));
    assertThat(
            world
                .broker
                .keys(HOSPITAL)
                .createCredential(HardwareWorld.request(world.tpm, world.job, HOSPITAL))
                .getCredentialId()
                .size())
        .isEqualTo(32);
    world.broker.time().pass(Duration.ofMinutes(5));
    assertThat(world.credential(world.tpm, world.job, INSURER).answer().size()).isEqualTo(32);
  }

  @Test
  void whatCannotBeReadIsRefused() {
    unreadable(request -> request.clearEkCertificates());
    unreadable(request -> request.setEkCertificates(0, HardwareWorld.bytes(100, 0x30)));
    unreadable(request -> request.setEkCertificates(0, HardwareWorld.bytes(20_000, 0x30)));
    unreadable(request ->
        request.addAllEkCertificates(Collections.nCopies(7, request.getEkCertificates(1))));
    unreadable(request -> request.setCollateral(0, HardwareWorld.bytes(100, 0x30)));
    unreadable(request -> request.setCollateral(0, HardwareWorld.bytes((128 << 10) + 1, 0x30)));
    unreadable(
        request -> request.addAllCollateral(Collections.nCopies(15, request.getCollateral(0))));
    unreadable(request -> request.setAkPublic(world.tpm.area()));
    unreadable(request -> request.setAkPublic(ByteString.EMPTY));
    unreadable(request -> request.setAkPublic(HardwareWorld.bytes(1025, 1)));
  }

  private void unreadable(UnaryOperator<CreateCredentialRequest.Builder> change) {
    CreateCredentialRequest request =
        change.apply(HardwareWorld.request(world.tpm, world.job, INSURER).toBuilder()).build();
    refused(Reason.INVALID_EVIDENCE, () -> world.broker.keys(INSURER).createCredential(request));
  }

  @Test
  void noCredentialForAKeyThatSignsAnything() {
    FakeTpm loose = FakeTpm.withAttributes(0x00040072);
    requireRefused(loose, Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND);
  }

  /** A certificate that does not say what it is of could be of an emulation. */
  @Test
  void noCredentialForACertificateThatDoesNotSayWhatItIsOf() {
    requireRefused(FakeTpm.of(), Reason.EVIDENCE_CHAIN_WRONG);
    requireRefused(
        FakeTpm.of(FakeTpm.alternativeName(new X500Name("CN=a TPM"))), Reason.EVIDENCE_CHAIN_WRONG);
    X500NameBuilder twice = new X500NameBuilder();
    for (String model : List.of("SLB1", "swtpm")) {
      twice.addRDN(new ASN1ObjectIdentifier("2.23.133.2.1"), "id:41434D45");
      twice.addRDN(new ASN1ObjectIdentifier("2.23.133.2.2"), model);
      twice.addRDN(new ASN1ObjectIdentifier("2.23.133.2.3"), "id:00010002");
    }
    requireRefused(FakeTpm.of(FakeTpm.alternativeName(twice.build())), Reason.EVIDENCE_CHAIN_WRONG);
  }

  private void requireRefused(FakeTpm tpm, Reason reason) {
    SignedAgreement signed = world.activate("credentials", List.of(world.tpm(tpm, List.of())));
    CreateJobRequest job = world.broker.startJob(signed);
    refused(reason, () -> world.credential(tpm, job, INSURER));
    assertThat(world.broker.decisions(INSURER).getLast().getReason()).isEqualTo(reason.name());
  }

  @Test
  void theChainMustLeadToTheRootThatIsNamed() {
    FakeTpm other = FakeTpm.ecc();
    CreateCredentialRequest mixed =
        HardwareWorld.request(world.tpm, world.job, INSURER).toBuilder()
            .clearEkCertificates()
            .addAllEkCertificates(
                FakeAuthority.der(
                    List.of(other.endorsement.certificate(), world.tpm.root.certificate())))
            .build();
    refused(Reason.EVIDENCE_CHAIN_WRONG, () -> world.broker.keys(INSURER).createCredential(mixed));
  }

  @Test
  void theVendorsListsMustBeThereAndWithoutThisTpm() {
    CreateCredentialRequest right = HardwareWorld.request(world.tpm, world.job, INSURER);
    notGiven(Reason.EVIDENCE_COLLATERAL_MISSING, right.toBuilder().clearCollateral().build());
    notGiven(
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        right.toBuilder()
            .addAllCollateral(
                FakeAuthority.der(
                    world.tpm.issuer.revoking(
                        FakeAuthority.NOW.minusSeconds(1),
                        FakeAuthority.TO,
                        world.tpm.endorsement.certificate())))
            .build());
  }

  private void notGiven(Reason reason, CreateCredentialRequest request) {
    refused(reason, () -> world.broker.keys(INSURER).createCredential(request));
    assertThat(world.broker.decisions(INSURER).getLast().getReason()).isEqualTo(reason.name());
  }

  @Test
  void theAgreementMayDoWithoutLists() {
    TpmPolicy strict = world.tpm(List.of());
    SignedAgreement without =
        world.activate(
            "without-lists",
            List.of(
                new TpmPolicy(
                    strict.pcrs(),
                    strict.attestationKeys(),
                    strict.roots(),
                    strict.emulators(),
                    false,
                    strict.alsoQuoted())));
    CreateCredentialRequest request =
        HardwareWorld.request(world.tpm, world.broker.startJob(without), INSURER).toBuilder()
            .clearCollateral()
            .build();
    assertThat(world.broker.keys(INSURER).createCredential(request).getCredentialId().size())
        .isEqualTo(32);
  }

  private Evidence evidence(TpmDocument.Credential credential) {
    FakeEnclave enclave = world.enclave(INSURER);
    return enclave.evidence(
        world.broker.challenge(world.job, INSURER),
        "tpm2",
        statement -> world.tpm.document(statement, enclave.facts().app(), credential).encode());
  }
}
