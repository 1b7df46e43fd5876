package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.ListAgreementsResponse;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AgreementLifeTest {
  @TempDir Path folder;
  private TestBroker broker;
  private Agreement agreement;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    agreement = broker.consortium().agreement("wards", 3);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void becomesActiveWithTheLastSignature() {
    SignedAgreement one = broker.consortium().sign(agreement, HOSPITAL);
    AgreementRecord proposed = propose(HOSPITAL, one);
    assertThat(proposed.getState()).isEqualTo(AgreementState.AGREEMENT_STATE_PROPOSED);
    assertThat(proposed.getSha256()).isEqualTo(one.digest().value());

    AgreementRecord signed = sign(INSURER, one);
    assertThat(signed.getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    assertThat(
            SignedAgreement.fromEnvelope(
                    io.parley.agreement.DsseEnvelope.fromProto(signed.getEnvelope()))
                .complete())
        .isTrue();
    assertThat(broker.decisions(HOSPITAL))
        .extracting(Decision::getAction)
        .containsExactly("membership", "propose", "sign", "sign", "activate");
  }

  @Test
  void staysProposedAndStartsNothingWhileASignatureIsMissing() {
    SignedAgreement one = broker.consortium().sign(agreement, HOSPITAL);
    propose(HOSPITAL, one);
    refused(Reason.AGREEMENT_NOT_ACTIVE, () -> broker.keys(INSURER).createJob(TestBroker.job(one)));
  }

  @Test
  void survivesARestart() {
    SignedAgreement signed = broker.activate(3);
    broker.restart();
    assertThat(get(INSURER, signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void proposingAndSigningAgainChangesNothing() {
    SignedAgreement signed = broker.activate(3);
    int before = broker.decisions(HOSPITAL).size();
    assertThat(propose(INSURER, signed)).isEqualTo(get(INSURER, signed));
    assertThat(sign(INSURER, signed)).isEqualTo(get(INSURER, signed));
    assertThat(broker.decisions(HOSPITAL)).hasSize(before);
  }

  @Test
  void validateOnlyChecksAndStoresNothing() {
    SignedAgreement signed = broker.consortium().sign(agreement, HOSPITAL);
    broker
        .agreements(HOSPITAL)
        .proposeAgreement(
            ProposeAgreementRequest.newBuilder()
                .setEnvelope(signed.envelope().toProto())
                .setValidateOnly(true)
                .build());
    refused(Reason.AGREEMENT_NOT_FOUND, () -> get(HOSPITAL, signed));
  }

  @Test
  void aSignatureByAnotherKeyIsRefused() {
    SignedAgreement none = broker.consortium().sign(agreement);
    propose(HOSPITAL, none);
    SigningKey stranger = SigningKey.generate(new SecureRandom());
    DsseSignature forged = none.sign(INSURER, stranger);
    refused(Reason.INVALID_SIGNATURE, () -> sign(INSURER, none, forged));
    refused(
        Reason.INVALID_SIGNATURE,
        () -> propose(INSURER, new SignedAgreement(none.payload(), List.of(forged))));
  }

  @Test
  void nobodySignsForAnotherParty() {
    SignedAgreement none = broker.consortium().sign(agreement);
    propose(HOSPITAL, none);
    DsseSignature insurers = none.sign(INSURER, broker.consortium().party(INSURER).signingKey());
    refused(Reason.INVALID_SIGNATURE, () -> sign(HOSPITAL, none, insurers));
  }

  @Test
  void aSignatureOfAnotherAgreementIsRefused() {
    SignedAgreement none = broker.consortium().sign(agreement);
    propose(HOSPITAL, none);
    SignedAgreement other =
        broker.consortium().sign(broker.consortium().agreement("wards", 4), INSURER);
    refused(Reason.INVALID_SIGNATURE, () -> sign(INSURER, none, other.signatures().getFirst()));
  }

  @Test
  void aChangedByteOfTheSignatureIsRefused() {
    SignedAgreement one = broker.consortium().sign(agreement, HOSPITAL);
    byte[] bytes = one.signatures().getFirst().sig().toByteArray();
    bytes[17] ^= 4;
    refused(
        Reason.INVALID_SIGNATURE,
        () ->
            propose(
                HOSPITAL,
                new SignedAgreement(
                    one.payload(),
                    List.of(new DsseSignature(HOSPITAL, ByteString.copyFrom(bytes))))));
  }

  @Test
  void whoIsNotNamedNeitherProposesNorSignsNorReadsNorHalts() {
    SignedAgreement signed = broker.consortium().sign(agreement, HOSPITAL);
    refused(Reason.NOT_A_PARTY, () -> propose(REGISTRY, signed));
    propose(HOSPITAL, signed);
    refused(
        Reason.NOT_A_PARTY,
        () ->
            sign(
                REGISTRY,
                signed,
                signed.sign(REGISTRY, broker.consortium().party(REGISTRY).signingKey())));
    refused(Reason.NOT_A_PARTY, () -> get(REGISTRY, signed));
    refused(Reason.NOT_A_PARTY, () -> halt(REGISTRY, signed));
    refused(Reason.NOT_A_PARTY, () -> resume(REGISTRY, signed));
    assertThat(list(REGISTRY, "").getAgreementsList()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Role.class,
      names = {"ANALYST", "NODE"})
  void onlyOperatorsChangeAgreements(Role role) {
    SignedAgreement signed = broker.activate(3);
    var stub = broker.agreements(HOSPITAL, role);
    ByteString sha256 = signed.digest().value();
    refused(
        Reason.ROLE_MISSING,
        () ->
            stub.proposeAgreement(
                ProposeAgreementRequest.newBuilder()
                    .setEnvelope(signed.envelope().toProto())
                    .build()));
    refused(
        Reason.ROLE_MISSING,
        () ->
            stub.signAgreement(
                SignAgreementRequest.newBuilder().setAgreementSha256(sha256).build()));
    refused(
        Reason.ROLE_MISSING,
        () ->
            stub.haltAgreement(
                HaltAgreementRequest.newBuilder().setAgreementSha256(sha256).build()));
    refused(
        Reason.ROLE_MISSING,
        () ->
            stub.resumeAgreement(
                ResumeAgreementRequest.newBuilder().setAgreementSha256(sha256).build()));
    assertThat(
            stub.getAgreement(GetAgreementRequest.newBuilder().setAgreementSha256(sha256).build())
                .getAgreement()
                .getState())
        .isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void anAgreementForAnotherBrokerIsRefused() {
    Agreement other =
        new Agreement(
            agreement.name(),
            agreement.parties(),
            Digest.of(new byte[] {9}),
            agreement.app(),
            agreement.datasets(),
            agreement.compute(),
            agreement.results(),
            agreement.environment(),
            agreement.terms(),
            agreement.parameters());
    refused(Reason.INVALID_AGREEMENT, () -> propose(HOSPITAL, broker.consortium().sign(other)));
  }

  @Test
  void aPartyWithOtherKeysThanTheMembersIsRefused() {
    TestConsortium others =
        new TestConsortium(broker.time(), broker.consortium().chain().current().broker());
    refused(Reason.NOT_A_PARTY, () -> propose(HOSPITAL, others.sign(others.agreement("wards", 3))));
    Agreement mixed =
        new Agreement(
            agreement.name(),
            List.of(broker.consortium().party(HOSPITAL).party(), others.party(INSURER).party()),
            agreement.broker(),
            agreement.app(),
            agreement.datasets(),
            agreement.compute(),
            agreement.results(),
            agreement.environment(),
            agreement.terms(),
            agreement.parameters());
    refused(Reason.INVALID_AGREEMENT, () -> propose(HOSPITAL, broker.consortium().sign(mixed)));
  }

  @Test
  void anAgreementThatIsOverIsRefused() {
    Agreement over =
        broker
            .consortium()
            .agreement("wards", 3, broker.time().instant().minusSeconds(1), List.of(INSURER));
    refused(Reason.AGREEMENT_EXPIRED, () -> propose(HOSPITAL, broker.consortium().sign(over)));
  }

  @Test
  void expiresByTheBrokersClock() {
    SignedAgreement signed = broker.activate(3);
    broker.time().pass(Duration.ofDays(29));
    assertThat(get(HOSPITAL, signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    broker.time().set(agreement.expires());
    assertThat(get(HOSPITAL, signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_EXPIRED);
    refused(Reason.AGREEMENT_EXPIRED, () -> broker.keys(INSURER).createJob(TestBroker.job(signed)));
  }

  @Test
  void anyPartyHaltsAndAllResume() {
    SignedAgreement signed = broker.activate(3);
    AgreementRecord halted = halt(INSURER, signed);
    assertThat(halted.getState()).isEqualTo(AgreementState.AGREEMENT_STATE_HALTED);
    assertThat(halted.getHaltedBy()).isEqualTo(INSURER);
    refused(Reason.AGREEMENT_HALTED, () -> broker.keys(INSURER).createJob(TestBroker.job(signed)));

    AgreementRecord asked = resume(INSURER, signed);
    assertThat(asked.getState()).isEqualTo(AgreementState.AGREEMENT_STATE_HALTED);
    assertThat(asked.getResumeAskedByList()).containsExactly(INSURER);
    broker.restart();
    AgreementRecord resumed = resume(HOSPITAL, signed);
    assertThat(resumed.getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    assertThat(resumed.getResumeAskedByList()).isEmpty();
    assertThat(broker.startJob(signed).getJobId()).isNotEmpty();
  }

  @Test
  void haltingAgainTakesBackWhatWasAsked() {
    SignedAgreement signed = broker.activate(3);
    halt(INSURER, signed);
    resume(INSURER, signed);
    halt(HOSPITAL, signed);
    assertThat(resume(HOSPITAL, signed).getState())
        .isEqualTo(AgreementState.AGREEMENT_STATE_HALTED);
    assertThat(resume(INSURER, signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void askingToResumeBeforeAHaltDoesNotCountAfterIt() {
    SignedAgreement signed = broker.activate(3);
    resume(HOSPITAL, signed);
    halt(INSURER, signed);
    assertThat(resume(INSURER, signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_HALTED);
  }

  @Test
  void aHaltedProposalTakesNoSignatureAndIsAProposalAgainWhenResumed() {
    SignedAgreement one = broker.consortium().sign(agreement, HOSPITAL);
    propose(HOSPITAL, one);
    halt(HOSPITAL, one);
    refused(Reason.AGREEMENT_HALTED, () -> sign(INSURER, one));
    resume(HOSPITAL, one);
    assertThat(resume(INSURER, one).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_PROPOSED);
    assertThat(sign(INSURER, one).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void aReasonIsKeptOnOneLineAndALongOneIsRefused() {
    SignedAgreement signed = broker.activate(3);
    broker
        .agreements(INSURER)
        .haltAgreement(
            HaltAgreementRequest.newBuilder()
                .setAgreementSha256(signed.digest().value())
                .setReason("first\nsecond")
                .build());
    assertThat(broker.decisions(HOSPITAL).getLast().getDetail()).isEqualTo("first second");
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .agreements(INSURER)
                .haltAgreement(
                    HaltAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .setReason("x".repeat(1001))
                        .build()));
  }

  @Test
  void listsByPage() {
    for (int i = 1; i <= 5; i++) {
      propose(HOSPITAL, broker.consortium().sign(broker.consortium().agreement("a" + i, 1)));
    }
    ListAgreementsResponse first = list(INSURER, "");
    ListAgreementsResponse second = list(INSURER, first.getNextPageToken());
    ListAgreementsResponse third = list(INSURER, second.getNextPageToken());
    assertThat(first.getAgreementsList()).hasSize(2);
    assertThat(second.getAgreementsList())
        .hasSize(2)
        .doesNotContainAnyElementsOf(first.getAgreementsList());
    assertThat(third.getAgreementsList()).hasSize(1);
    assertThat(third.getNextPageToken()).isEmpty();
    refused(Reason.INVALID_REQUEST, () -> list(INSURER, "1 OR 1=1"));
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .agreements(INSURER)
                .listAgreements(ListAgreementsRequest.newBuilder().setPageSize(1001).build()));
  }

  @Test
  void aDigestOfAnotherLengthIsRefused() {
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .agreements(HOSPITAL)
                .getAgreement(
                    GetAgreementRequest.newBuilder()
                        .setAgreementSha256(ByteString.copyFrom(new byte[31]))
                        .build()));
  }

  private AgreementRecord propose(String party, SignedAgreement signed) {
    return broker
        .agreements(party)
        .proposeAgreement(
            ProposeAgreementRequest.newBuilder().setEnvelope(signed.envelope().toProto()).build())
        .getAgreement();
  }

  private AgreementRecord sign(String party, SignedAgreement signed) {
    return sign(party, signed, signed.sign(party, broker.consortium().party(party).signingKey()));
  }

  private AgreementRecord sign(String party, SignedAgreement signed, DsseSignature signature) {
    return broker
        .agreements(party)
        .signAgreement(
            SignAgreementRequest.newBuilder()
                .setAgreementSha256(signed.digest().value())
                .setSignature(
                    Signature.newBuilder().setKeyid(signature.keyId()).setSig(signature.sig()))
                .build())
        .getAgreement();
  }

  private AgreementRecord get(String party, SignedAgreement signed) {
    return broker
        .agreements(party)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  private AgreementRecord halt(String party, SignedAgreement signed) {
    return broker
        .agreements(party)
        .haltAgreement(
            HaltAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  private AgreementRecord resume(String party, SignedAgreement signed) {
    return broker
        .agreements(party)
        .resumeAgreement(
            ResumeAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  private ListAgreementsResponse list(String party, String token) {
    return broker
        .agreements(party)
        .listAgreements(
            ListAgreementsRequest.newBuilder().setPageSize(2).setPageToken(token).build());
  }
}
