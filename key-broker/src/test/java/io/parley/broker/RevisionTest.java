package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.agreement.Window;
import io.parley.evidence.Evidence;
import io.parley.identity.SigningKey;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agreement takes another's place when all have signed that, and not otherwise. */
class RevisionTest {
  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement parent;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    parent = broker.activate(agreement("wards", ChangeRule.UNANIMOUS, null, 5));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void takesItsParentsPlaceWithTheLastSignature() {
    SignedAgreement revision = revision("wards-two");
    propose(HOSPITAL, broker.consortium().sign(revision.agreement(), HOSPITAL));
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    start(parent);
    refused(Reason.AGREEMENT_NOT_ACTIVE, () -> start(revision));

    sign(INSURER, revision);
    assertThat(get(parent))
        .returns(AgreementState.AGREEMENT_STATE_SUPERSEDED, AgreementRecord::getState)
        .returns(revision.digest().value(), AgreementRecord::getSupersededBy)
        .returns("AGREEMENT_SUPERSEDED", AgreementRecord::getRefusedNow);
    broker.restart();
    ParleyException refusal = refused(Reason.AGREEMENT_SUPERSEDED, () -> start(parent));
    assertThat(refusal).hasMessageContaining(revision.digest().toString());
    start(revision);
    assertThat(broker.decisions(HOSPITAL))
        .filteredOn(decision -> decision.getAction().equals("supersede"))
        .singleElement()
        .returns(parent.digest().value(), Decision::getAgreementSha256)
        .satisfies(
            decision -> assertThat(decision.getDetail()).contains(revision.digest().toString()));
  }

  @Test
  void openJobsFinishUnderWhatTheyStartedWith() throws Exception {
    CreateJobRequest job = start(parent);
    FakeEnclave hospitals = broker.enclave(parent, job, HOSPITAL);
    FakeEnclave insurers = broker.enclave(parent, job, INSURER);
    Map<String, Secret> before = granted(hospitals, job, HOSPITAL);

    broker.activate(revision("wards-two").agreement());
    broker.restart();
    Map<String, Secret> after = granted(insurers, job, INSURER);
    assertThat(after).containsAllEntriesOf(before);
    var receipt =
        broker
            .keys(INSURER)
            .finishJob(
                insurers.finish(
                    JobReport.newBuilder()
                        .setJobId(job.getJobId())
                        .setParty(INSURER)
                        .setJobSha256(job.getJobSha256())
                        .build()))
            .getReceipt();
    assertThat(receipt.getPayload().isEmpty()).isFalse();
    assertThat(get(parent).getJobsStarted()).isEqualTo(1);
  }

  @Test
  void theSameRequestToASupersededParentIsAnsweredAsBeforeAndCountsNothing() {
    CreateJobRequest job = start(parent);
    SignedAgreement revision = broker.activate(revision("wards-two").agreement());
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
    assertThat(get(parent).getJobsStarted()).isEqualTo(1);
    // The request is the parent's: it is no job of the revision.
    refused(
        Reason.REQUEST_ID_REUSED,
        () ->
            broker
                .keys(INSURER)
                .createJob(job.toBuilder().setAgreementSha256(revision.digest().value()).build()));
    CreateJobRequest never = TestBroker.job(parent);
    refused(Reason.AGREEMENT_SUPERSEDED, () -> broker.keys(INSURER).createJob(never));
    refused(Reason.AGREEMENT_SUPERSEDED, () -> broker.keys(INSURER).createJob(never));
    assertThat(get(parent).getJobsStarted()).isEqualTo(1);
    assertThat(get(revision).getJobsStarted()).isZero();
  }

  @Test
  void keysOfTheRevisionAreItsOwn() throws Exception {
    CreateJobRequest old = start(parent);
    Map<String, Secret> before = granted(broker.enclave(parent, old, INSURER), old, INSURER);
    SignedAgreement revision = broker.activate(revision("wards-two").agreement());
    CreateJobRequest fresh = start(revision);
    Map<String, Secret> after = granted(broker.enclave(revision, fresh, INSURER), fresh, INSURER);
    before.forEach((name, key) -> assertThat(after.get(name)).isNotEqualTo(key));
    // Evidence of one agreement opens nothing of a job of the other.
    refused(
        Reason.EVIDENCE_AGREEMENT_WRONG,
        () -> {
          FakeEnclave wrong = broker.enclave(revision, start(revision), HOSPITAL);
          granted(
              wrong.with(
                  new FakeEnclave.Facts(
                      parent.digest(),
                      HOSPITAL,
                      wrong.facts().jobId(),
                      wrong.facts().job(),
                      null,
                      wrong.facts().tests(),
                      wrong.facts().shim(),
                      wrong.facts().isolation(),
                      wrong.facts().platformKey(),
                      wrong.facts().kind(),
                      null)),
              wrong.facts().jobId(),
              HOSPITAL);
        });
  }

  @Test
  void aSubsetOfThePartiesReplacesNothing() {
    SignedAgreement revision = revision("wards-two");
    propose(HOSPITAL, broker.consortium().sign(revision.agreement(), HOSPITAL));
    DsseSignature forged = revision.sign(INSURER, SigningKey.generate(new SecureRandom()));
    refused(Reason.INVALID_SIGNATURE, () -> sign(INSURER, revision, forged));
    refused(Reason.INVALID_SIGNATURE, () -> sign(HOSPITAL, revision, forged));
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    start(parent);
  }

  @Test
  void whatIsNeverToChangeIsNotReplaced() {
    SignedAgreement fixed = broker.activate(agreement("fixed", ChangeRule.NEVER, null, 5));
    Agreement revision = agreement("fixed-two", ChangeRule.NEVER, fixed.digest(), 5);
    ParleyException refusal =
        refused(Reason.INVALID_REVISION, () -> propose(HOSPITAL, both(revision)));
    assertThat(refusal).hasMessageContaining("changes: never");
    refused(Reason.INVALID_REVISION, () -> validate(HOSPITAL, both(revision)));
    start(fixed);
  }

  @Test
  void anUnknownParentIsRefused() {
    Agreement revision = agreement("wards-two", ChangeRule.UNANIMOUS, Digest.of(new byte[] {9}), 5);
    refused(Reason.INVALID_REVISION, () -> propose(HOSPITAL, both(revision)));
  }

  @Test
  void aParentThatWasNeverInForceIsNotReplaced() {
    SignedAgreement half =
        broker.consortium().sign(agreement("half", ChangeRule.UNANIMOUS, null, 5), HOSPITAL);
    propose(HOSPITAL, half);
    refused(
        Reason.AGREEMENT_NOT_ACTIVE,
        () ->
            propose(HOSPITAL, both(agreement("half-two", ChangeRule.UNANIMOUS, half.digest(), 5))));
  }

  @Test
  void otherPartiesReplaceNothing() {
    Agreement wider = withParty(revision("wards-two").agreement(), REGISTRY);
    refused(
        Reason.INVALID_REVISION,
        () -> propose(HOSPITAL, broker.consortium().sign(wider, HOSPITAL, INSURER, REGISTRY)));
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void aPartyWithAnotherKeyReplacesNothing() {
    // The name went to somebody else, whom the list knows and the parent's parties never signed
    // with.
    broker.giveAway(INSURER);
    Agreement revision = revision("wards-two").agreement();
    assertThat(revision.party(INSURER).signingKey())
        .isNotEqualTo(parent.agreement().party(INSURER).signingKey());
    refused(Reason.INVALID_REVISION, () -> propose(HOSPITAL, both(revision)));
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void aHaltedParentIsNotReplacedUntilAllResumeIt() {
    SignedAgreement revision = revision("wards-two");
    propose(HOSPITAL, broker.consortium().sign(revision.agreement(), HOSPITAL));
    halt(HOSPITAL, parent);
    refused(Reason.AGREEMENT_HALTED, () -> sign(INSURER, revision));
    refused(Reason.AGREEMENT_HALTED, () -> propose(HOSPITAL, revision("another")));
    assertThat(get(revision).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_PROPOSED);
    resume(HOSPITAL, parent);
    resume(INSURER, parent);
    sign(INSURER, revision);
    assertThat(get(revision).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void anExpiredParentIsNotReplaced() {
    SignedAgreement revision = revision("wards-two");
    propose(HOSPITAL, broker.consortium().sign(revision.agreement(), HOSPITAL));
    broker.time().set(parent.agreement().expires());
    refused(Reason.AGREEMENT_EXPIRED, () -> sign(INSURER, revision));
  }

  @Test
  void theSecondOfTwoRevisionsIsRefused() {
    SignedAgreement one = revision("one");
    SignedAgreement two = revision("two");
    propose(HOSPITAL, broker.consortium().sign(one.agreement(), HOSPITAL));
    propose(INSURER, broker.consortium().sign(two.agreement(), INSURER));
    sign(INSURER, one);
    ParleyException refusal = refused(Reason.AGREEMENT_SUPERSEDED, () -> sign(HOSPITAL, two));
    assertThat(refusal).hasMessageContaining(one.digest().toString());
    assertThat(get(two).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_PROPOSED);
    assertThat(get(two).getEnvelope().getSignaturesList()).hasSize(1);
    // The line goes on from the one that won.
    SignedAgreement third =
        broker.activate(agreement("third", ChangeRule.UNANIMOUS, one.digest(), 5));
    assertThat(get(one).getSupersededBy()).isEqualTo(third.digest().value());
  }

  @Test
  void ofManyRevisionsAtOnceOneWins() throws Exception {
    List<SignedAgreement> rivals =
        List.of(revision("a"), revision("b"), revision("c"), revision("d"));
    rivals.forEach(
        rival -> propose(HOSPITAL, broker.consortium().sign(rival.agreement(), HOSPITAL)));
    int won = 0;
    try (var pool = Executors.newFixedThreadPool(4)) {
      List<Callable<Boolean>> calls =
          rivals.stream()
              .<Callable<Boolean>>map(rival ->
                  () -> {
                    try {
                      sign(INSURER, rival);
                      return true;
                    } catch (io.grpc.StatusRuntimeException e) {
                      return false;
                    }
                  })
              .toList();
      for (Future<Boolean> call : pool.invokeAll(calls)) {
        won += call.get() ? 1 : 0;
      }
    }
    assertThat(won).isEqualTo(1);
    assertThat(rivals.stream().map(this::get).map(AgreementRecord::getState))
        .containsOnlyOnce(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void aHaltStopsTheAgreementThatItNamesAndNoOther() throws Exception {
    CreateJobRequest job = start(parent);
    SignedAgreement revision = broker.activate(revision("wards-two").agreement());
    halt(HOSPITAL, parent);
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_HALTED);
    refused(Reason.AGREEMENT_HALTED, () -> broker.challenge(job, INSURER));
    refused(Reason.AGREEMENT_SUPERSEDED, () -> start(parent));
    start(revision);
    // Resumed, it is what it was: replaced.
    resume(HOSPITAL, parent);
    resume(INSURER, parent);
    assertThat(get(parent).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_SUPERSEDED);
    assertThat(broker.challenge(job, INSURER).isEmpty()).isFalse();
  }

  @Test
  void proposalsThatCanNeverTakeEffectTakeNoPlace() throws Exception {
    broker.close();
    broker =
        TestBroker.start(
            folder.resolve("small"),
            yaml -> yaml.replace("open_proposals_per_party: 100", "open_proposals_per_party: 2"));
    parent = broker.activate(agreement("wards", ChangeRule.UNANIMOUS, null, 5));
    SignedAgreement winner = revision("winner");
    SignedAgreement loser = revision("loser");
    propose(HOSPITAL, broker.consortium().sign(winner.agreement(), HOSPITAL));
    propose(HOSPITAL, broker.consortium().sign(loser.agreement(), HOSPITAL));
    refused(
        Reason.TOO_MANY,
        () -> propose(HOSPITAL, broker.consortium().sign(revision("x").agreement(), HOSPITAL)));
    sign(INSURER, winner);
    for (String name : List.of("next", "last")) {
      propose(
          HOSPITAL,
          broker
              .consortium()
              .sign(agreement(name, ChangeRule.UNANIMOUS, winner.digest(), 5), HOSPITAL));
    }
  }

  private Agreement agreement(
      String name, ChangeRule changes, @Nullable Digest replaced, int maxJobs) {
    Agreement agreement = broker.consortium().agreement(name, maxJobs);
    return TestConsortium.under(
        agreement, new Terms(changes, replaced, agreement.expires(), maxJobs, Window.ALWAYS));
  }

  /** Of the parent, by its parties as they are now; nobody has signed. */
  private SignedAgreement revision(String name) {
    Agreement longer = agreement(name, ChangeRule.UNANIMOUS, parent.digest(), 9);
    Terms terms = longer.terms();
    return SignedAgreement.unsigned(
        TestConsortium.under(
            longer,
            new Terms(
                terms.changes(),
                terms.parent(),
                terms.expires().plus(Duration.ofDays(1)),
                terms.maxJobs(),
                terms.window())));
  }

  private Agreement withParty(Agreement agreement, String name) {
    List<Party> parties = new java.util.ArrayList<>(agreement.parties());
    parties.add(broker.consortium().party(name).party());
    return new Agreement(
        agreement.name(),
        parties,
        agreement.broker(),
        agreement.app(),
        agreement.datasets(),
        agreement.compute(),
        agreement.results(),
        agreement.environment(),
        agreement.terms(),
        agreement.parameters());
  }

  private SignedAgreement both(Agreement agreement) {
    return broker.consortium().sign(agreement, HOSPITAL, INSURER);
  }

  private CreateJobRequest start(SignedAgreement signed) {
    return broker.startJob(signed);
  }

  private Map<String, Secret> granted(FakeEnclave enclave, CreateJobRequest job, String party)
      throws Exception {
    return granted(enclave, job.getJobId(), party);
  }

  private Map<String, Secret> granted(FakeEnclave enclave, String jobId, String party)
      throws Exception {
    ByteString nonce =
        broker.challenge(CreateJobRequest.newBuilder().setJobId(jobId).build(), party);
    Evidence evidence = enclave.evidence(nonce);
    return enclave.open(
        evidence,
        broker
            .keys(party)
            .requestKeys(
                RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build()));
  }

  private void propose(String party, SignedAgreement signed) {
    assertThat(
            broker
                .agreements(party)
                .proposeAgreement(
                    ProposeAgreementRequest.newBuilder()
                        .setEnvelope(signed.envelope().toProto())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private void validate(String party, SignedAgreement signed) {
    assertThat(
            broker
                .agreements(party)
                .proposeAgreement(
                    ProposeAgreementRequest.newBuilder()
                        .setEnvelope(signed.envelope().toProto())
                        .setValidateOnly(true)
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private void sign(String party, SignedAgreement proposed) {
    SignedAgreement signed = broker.consortium().sign(proposed.agreement(), party);
    sign(party, proposed, signed.signatures().getFirst());
  }

  private void sign(String party, SignedAgreement proposed, DsseSignature signature) {
    assertThat(
            broker
                .agreements(party)
                .signAgreement(
                    SignAgreementRequest.newBuilder()
                        .setAgreementSha256(proposed.digest().value())
                        .setSignature(
                            Signature.newBuilder()
                                .setKeyid(signature.keyId())
                                .setSig(signature.sig()))
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private void halt(String party, SignedAgreement signed) {
    assertThat(
            broker
                .agreements(party)
                .haltAgreement(
                    HaltAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private void resume(String party, SignedAgreement signed) {
    assertThat(
            broker
                .agreements(party)
                .resumeAgreement(
                    ResumeAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private AgreementRecord get(SignedAgreement signed) {
    return broker
        .agreements(HOSPITAL)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }
}
