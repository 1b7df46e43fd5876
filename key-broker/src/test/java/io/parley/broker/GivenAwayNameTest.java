package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.keys.MasterKey;
import io.parley.broker.log.TestLog;
import io.parley.broker.store.Store;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A party leaves, and its name is given to somebody else, who knows all that is public. */
class GivenAwayNameTest {
  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;
  private SignedAgreement proposed;
  private CreateJobRequest job;
  private FakeEnclave enclave;
  private ByteString nonce;
  private ByteString digest;

  @BeforeEach
  void giveAway() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(5);
    digest = signed.digest().value();
    proposed =
        broker.consortium().sign(broker.consortium().agreement("later", 5), HOSPITAL, INSURER);
    job = broker.startJob(signed);
    enclave = broker.enclave(signed, job, INSURER);
    nonce = broker.challenge(job, INSURER);
    broker.giveAway(INSURER);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void theNewHolderReadsNothingOfTheOldAgreements() {
    refused(Reason.NOT_A_PARTY, () -> get(INSURER));
    refused(
        Reason.NOT_A_PARTY,
        () ->
            broker
                .keys(INSURER)
                .getReceipt(GetReceiptRequest.newBuilder().setJobId(job.getJobId()).build()));
    assertThat(list(INSURER)).isEmpty();
    assertThat(broker.decisions(INSURER))
        .isNotEmpty()
        .allMatch(decision -> decision.getAction().equals("membership"));
    assertThat(get(HOSPITAL).getJobsStarted()).isEqualTo(1);
    assertThat(list(HOSPITAL)).hasSize(1);
  }

  @Test
  void theRefusalSaysThatTheNameIsAnothersNow() {
    assertThat(refused(Reason.NOT_A_PARTY, () -> get(INSURER)))
        .hasMessageContaining("has another signing key than the member of that name today")
        .satisfies(refusal ->
            assertThat(refusal.metadata())
                .containsEntry("party", INSURER)
                .containsKey("signing_key"));
  }

  @Test
  void theNewHolderChangesNothingInTheOldAgreements() {
    HaltAgreementRequest halt =
        HaltAgreementRequest.newBuilder().setAgreementSha256(digest).setReason("mine now").build();
    refused(Reason.NOT_A_PARTY, () -> broker.agreements(INSURER).haltAgreement(halt));
    assertThat(get(HOSPITAL).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
    var _ = broker.agreements(HOSPITAL).haltAgreement(halt);
    refused(
        Reason.NOT_A_PARTY,
        () ->
            broker
                .agreements(INSURER)
                .resumeAgreement(
                    ResumeAgreementRequest.newBuilder().setAgreementSha256(digest).build()));
    assertThat(get(HOSPITAL).getResumeAskedByList()).isEmpty();
    var signature = signed.envelope().toProto().getSignatures(1);
    assertThat(signature.getKeyid()).isEqualTo(INSURER);
    refused(
        Reason.NOT_A_PARTY,
        () ->
            broker
                .agreements(INSURER)
                .signAgreement(
                    SignAgreementRequest.newBuilder()
                        .setAgreementSha256(digest)
                        .setSignature(signature)
                        .build()));
    for (SignedAgreement old : List.of(signed, proposed)) {
      refused(
          Reason.NOT_A_PARTY,
          () ->
              broker
                  .agreements(INSURER)
                  .proposeAgreement(
                      ProposeAgreementRequest.newBuilder()
                          .setEnvelope(old.envelope().toProto())
                          .build()));
    }
  }

  @Test
  void theNewHolderGetsNoJobsKeysOrReceipts() {
    refused(Reason.NOT_A_PARTY, () -> broker.keys(INSURER).createJob(TestBroker.job(signed)));
    refused(Reason.NOT_A_PARTY, () -> broker.keys(INSURER).createJob(job));
    refused(
        Reason.NOT_A_PARTY,
        () ->
            broker
                .keys(INSURER)
                .createChallenge(
                    CreateChallengeRequest.newBuilder()
                        .setJobId(job.getJobId())
                        .setParty(INSURER)
                        .build()));
    // The old party's open challenge and its enclave's evidence, passed on by the new one.
    refused(Reason.NOT_A_PARTY, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
    JobReport report =
        JobReport.newBuilder()
            .setJobId(job.getJobId())
            .setParty(INSURER)
            .setJobSha256(job.getJobSha256())
            .build();
    refused(Reason.NOT_A_PARTY, () -> broker.keys(INSURER).finishJob(enclave.finish(report)));
    assertThat(get(HOSPITAL).getJobsStarted()).isEqualTo(1);
    assertThat(broker.decisions(HOSPITAL)).noneMatch(it -> it.getAction().equals("grant"));
  }

  @Test
  void theNewHolderHasItsOwnAgreements() {
    SignedAgreement own = broker.activate(3);
    assertThat(list(INSURER))
        .extracting(AgreementRecord::getSha256)
        .containsExactly(own.digest().value());
    assertThat(broker.startJob(own).getAgreementSha256()).isEqualTo(own.digest().value());
  }

  @Test
  void agreementsOfAnEarlierVersionOfTheDatabaseAreTheirPartiesToo() throws Exception {
    broker.close();
    try (Store store = TestLog.store(broker.home().database());
        MasterKey master = MasterKey.load(broker.home().masterKey())) {
      store.write(write -> {
        TestLog.downgrade(write, head -> master.mac("parley/v1/log-head", head));
        for (String index :
            List.of("agreement_by_proposer", "job_by_time", "agreement_by_successor")) {
          write.execute("DROP INDEX " + index);
        }
        for (String trigger :
            List.of("superseded_once", "shredded_for_good", "epoch_is_not_deleted")) {
          write.execute("DROP TRIGGER " + trigger);
        }
        for (String column :
            List.of("parent", "superseded_by", "shredded_by", "shredded_at", "purged_at")) {
          write.execute("ALTER TABLE agreement DROP COLUMN " + column);
        }
        write.execute("DROP TABLE dataset_epoch");
        write.execute("DROP TABLE dataset_revocation");
        write.execute("ALTER TABLE agreement DROP COLUMN proposer_key");
        write.execute("ALTER TABLE agreement DROP COLUMN expires_at");
        write.execute("ALTER TABLE agreement_party DROP COLUMN signing_key");
        write.execute("ALTER TABLE enclave DROP COLUMN emulator");
        return write.execute(
            "DELETE FROM flyway_schema_history WHERE CAST(version AS INTEGER) > 1");
      });
    }
    Files.delete(broker.home().log().resolve("checkpoint"));
    broker.restart();
    assertThat(list(HOSPITAL)).hasSize(1);
    assertThat(list(INSURER)).isEmpty();
  }

  private AgreementRecord get(String party) {
    return broker
        .agreements(party)
        .getAgreement(GetAgreementRequest.newBuilder().setAgreementSha256(digest).build())
        .getAgreement();
  }

  private List<AgreementRecord> list(String party) {
    return broker
        .agreements(party)
        .listAgreements(ListAgreementsRequest.getDefaultInstance())
        .getAgreementsList();
  }
}
