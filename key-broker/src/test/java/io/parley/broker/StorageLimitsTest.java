package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One party tries to fill the broker's disk. */
class StorageLimitsTest {
  private static final int PROPOSALS = 2;
  private static final int ENTRIES = 5;

  @TempDir Path folder;
  private TestBroker broker;

  @BeforeEach
  void start() throws Exception {
    broker =
        TestBroker.start(
            folder.resolve("broker"),
            yaml ->
                yaml.replace("open_proposals_per_party: 100", "open_proposals_per_party: 2")
                    .replace("decisions_per_minute: 600", "decisions_per_minute: 5"));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void oneOpenProposalTooManyIsRefusedAndAnotherPartysIsNot() {
    propose(HOSPITAL, "a");
    propose(HOSPITAL, "b");
    ParleyException refusal = refused(Reason.TOO_MANY, () -> propose(HOSPITAL, "c"));
    assertThat(refusal.reason().code().name()).isEqualTo("RESOURCE_EXHAUSTED");
    assertThat(refusal.metadata())
        .containsEntry("limited", "open_proposals")
        .containsEntry("limit", Integer.toString(PROPOSALS))
        .containsEntry("party", HOSPITAL);
    propose(HOSPITAL, "a");
    propose(INSURER, "d");
  }

  @Test
  void aProposalThatIsActiveOrExpiredMakesRoom() {
    SignedAgreement first = propose(HOSPITAL, "a");
    propose(HOSPITAL, "b");
    SignedAgreement both = broker.consortium().sign(first.agreement(), INSURER);
    AgreementRecord active =
        broker
            .agreements(INSURER)
            .signAgreement(
                SignAgreementRequest.newBuilder()
                    .setAgreementSha256(first.digest().value())
                    .setSignature(both.envelope().toProto().getSignatures(0))
                    .build())
            .getAgreement();
    assertThat(active.getEnvelope().getSignaturesCount()).isEqualTo(2);
    propose(HOSPITAL, "c", broker.time().instant().plus(Duration.ofHours(1)));
    refused(Reason.TOO_MANY, () -> propose(HOSPITAL, "d"));
    broker.time().pass(Duration.ofHours(2));
    propose(HOSPITAL, "d");
  }

  @Test
  void openProposalsAreStillCountedAfterARestart() {
    propose(HOSPITAL, "a");
    propose(HOSPITAL, "b");
    broker.restart();
    refused(Reason.TOO_MANY, () -> propose(HOSPITAL, "c"));
  }

  @Test
  void refusalsBeyondTheRateAreAnsweredAndNotStored() {
    for (int i = 0; i < ENTRIES; i++) {
      refused(Reason.INVALID_EVIDENCE, () -> nonsense(REGISTRY));
    }
    ParleyException refusal = refused(Reason.TOO_MANY, () -> nonsense(REGISTRY));
    assertThat(refusal.metadata())
        .containsEntry("limited", "decisions_per_minute")
        .containsEntry("limit", Integer.toString(ENTRIES));
    assertThat(refusals(REGISTRY)).isEqualTo(ENTRIES);
    refused(Reason.INVALID_EVIDENCE, () -> nonsense(INSURER));
    broker.time().pass(Duration.ofSeconds(61));
    refused(Reason.INVALID_EVIDENCE, () -> nonsense(REGISTRY));
    assertThat(refusals(REGISTRY)).isEqualTo(ENTRIES + 1);
  }

  @Test
  void refusedJobsAndRepeatedGrantsCountToo() {
    SignedAgreement signed = broker.activate(1);
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, job, INSURER);
    for (int i = 0; i <= 2; i++) {
      var _ = broker.keys(INSURER).requestKeys(enclave.request(broker.challenge(job, INSURER)));
    }
    for (int i = 0; i < ENTRIES - 2; i++) {
      refused(
          Reason.MAX_JOBS_REACHED, () -> broker.keys(INSURER).createJob(TestBroker.job(signed)));
    }
    refused(Reason.TOO_MANY, () -> broker.keys(INSURER).createJob(TestBroker.job(signed)));
    var nonce = broker.challenge(job, INSURER);
    refused(Reason.TOO_MANY, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
    // What was counted before is answered as ever.
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
  }

  @Test
  void haltingIsNeverLimitedAndHaltingAgainStoresNothing() {
    SignedAgreement signed = broker.activate(1);
    for (int i = 0; i < ENTRIES; i++) {
      refused(Reason.INVALID_EVIDENCE, () -> nonsense(INSURER));
    }
    for (int i = 0; i < 20; i++) {
      halt(INSURER, signed);
    }
    assertThat(broker.decisions(INSURER))
        .filteredOn(decision -> decision.getAction().equals("halt"))
        .hasSize(1);
    refused(
        Reason.TOO_MANY,
        () ->
            broker
                .agreements(INSURER)
                .resumeAgreement(
                    ResumeAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build()));
  }

  private void halt(String party, SignedAgreement signed) {
    assertThat(
            broker
                .agreements(party)
                .haltAgreement(
                    HaltAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .getAgreement()
                .getHaltedBy())
        .isEqualTo(party);
  }

  private SignedAgreement propose(String party, String name) {
    return propose(party, name, broker.time().instant().plus(Duration.ofDays(30)));
  }

  private SignedAgreement propose(String party, String name, Instant expires) {
    SignedAgreement signed =
        broker
            .consortium()
            .sign(broker.consortium().agreement(name, 1, expires, List.of(INSURER)), party);
    var _ =
        broker
            .agreements(party)
            .proposeAgreement(
                ProposeAgreementRequest.newBuilder()
                    .setEnvelope(signed.envelope().toProto())
                    .build());
    return signed;
  }

  private void nonsense(String party) {
    var _ = broker.keys(party).requestKeys(RequestKeysRequest.getDefaultInstance());
  }

  private long refusals(String party) {
    return broker.decisions(party).stream()
        .filter(decision -> decision.getAction().equals("refuse"))
        .count();
  }
}
