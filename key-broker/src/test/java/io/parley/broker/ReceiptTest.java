package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.Role;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.DatasetUse;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReceiptTest {
  private static final ByteString DIGEST = Digest.of(new byte[] {5}).value();

  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;
  private CreateJobRequest job;
  private FakeEnclave computing;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(5);
    job = broker.startJob(signed);
    computing = grant(job, INSURER);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void saysWhatTheBrokerSawAndTheEnclaveReported() throws Exception {
    FakeEnclave owner = grant(job, HOSPITAL);
    Envelope envelope = finish(INSURER, computing.finish(report()));
    DsseEnvelope receipt = DsseEnvelope.fromProto(envelope);
    DsseSignature signature = receipt.signatures().getFirst();
    assertThat(
            Dsse.verify(
                Dsse.RECEIPT_TYPE,
                receipt.payload(),
                signature,
                broker.consortium().chain().current().broker().signingKey()))
        .isTrue();
    Receipt said = Receipt.parseFrom(receipt.payload());
    assertThat(said.getComputedAt()).isEqualTo(INSURER);
    assertThat(said.getJobId()).isEqualTo(job.getJobId());
    assertThat(said.getAgreementSha256()).isEqualTo(signed.digest().value());
    assertThat(said.getJobSha256()).isEqualTo(job.getJobSha256());
    assertThat(said.getOutputsList()).isEqualTo(report().getOutputsList());
    assertThat(said.getInputsList()).isEqualTo(report().getInputsList());
    assertThat(said.getJobsStarted()).isEqualTo(1);
    assertThat(said.getMaxJobs()).isEqualTo(5);
    assertThat(said.getEnclavesList())
        .extracting(enclave -> enclave.getParty() + " " + enclave.getEvidenceKind())
        .containsExactly("hospital simulated", "insurer simulated");
    assertThat(said.getEnclaves(0).getSigningKey()).isEqualTo(owner.verifyingKey().value());
    assertThat(said.getEnclaves(1).getSigningKey()).isEqualTo(computing.verifyingKey().value());
  }

  @Test
  void isTheSameAgainForTheSameReportAlsoLaterAndAfterARestart() {
    Envelope first = finish(INSURER, computing.finish(report()));
    broker.time().pass(Duration.ofHours(1));
    broker.restart();
    assertThat(finish(INSURER, computing.finish(report()))).isEqualTo(first);
    assertThat(get(HOSPITAL)).isEqualTo(first);
    assertThat(get(INSURER)).isEqualTo(first);
  }

  @Test
  void anotherReportOfAFinishedJobIsRefused() {
    finish(INSURER, computing.finish(report()));
    refused(
        Reason.ALREADY_EXISTS,
        () -> finish(INSURER, computing.finish(report().toBuilder().setAppMillis(9).build())));
  }

  @Test
  void aFinishedJobGetsNoMoreKeys() {
    finish(INSURER, computing.finish(report()));
    ByteString nonce = broker.challenge(job, INSURER);
    refused(
        Reason.JOB_NOT_RUNNING, () -> broker.keys(INSURER).requestKeys(computing.request(nonce)));
  }

  @Test
  void aReportSignedByAnEnclaveWithoutKeysIsRefused() {
    FakeEnclave other = broker.enclave(signed, job, INSURER);
    refused(Reason.INVALID_SIGNATURE, () -> finish(INSURER, other.finish(report())));
  }

  @Test
  void aReportOfTheOwnersEnclaveIsRefused() throws Exception {
    FakeEnclave owner = grant(job, HOSPITAL);
    refused(
        Reason.NOT_YOURS,
        () -> finish(HOSPITAL, owner.finish(report().toBuilder().setParty(HOSPITAL).build())));
    // Neither can it speak for the computing one.
    refused(Reason.INVALID_SIGNATURE, () -> finish(INSURER, owner.finish(report())));
  }

  @Test
  void aReportPassedOnByAnotherPartyIsRefused() {
    refused(Reason.NOT_YOURS, () -> finish(HOSPITAL, computing.finish(report())));
  }

  @Test
  void aReportOfAnotherJobIsRefused() {
    CreateJobRequest next = broker.startJob(signed);
    refused(
        Reason.INVALID_SIGNATURE,
        () ->
            finish(
                INSURER, computing.finish(report().toBuilder().setJobId(next.getJobId()).build())));
    refused(
        Reason.INVALID_REQUEST,
        () -> finish(INSURER, computing.finish(report().toBuilder().setJobSha256(DIGEST).build())));
  }

  @Test
  void aChangedReportIsRefused() {
    FinishJobRequest right = computing.finish(report());
    for (int i = 0; i < right.getReport().size(); i++) {
      byte[] bytes = right.getReport().toByteArray();
      bytes[i] ^= 1;
      FinishJobRequest changed = right.toBuilder().setReport(ByteString.copyFrom(bytes)).build();
      assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> finish(INSURER, changed)))
          .as("byte %d", i)
          .isInstanceOf(io.grpc.StatusRuntimeException.class);
    }
    refused(Reason.RECEIPT_NOT_FOUND, () -> get(INSURER));
  }

  @Test
  void namesThatTheAgreementDoesNotHaveAreRefused() {
    JobReport.Builder unknownResult = report().toBuilder();
    unknownResult.getOutputsBuilder(0).setResult("other");
    refused(
        Reason.RESULT_NOT_FOUND, () -> finish(INSURER, computing.finish(unknownResult.build())));
    JobReport.Builder unknownDataset = report().toBuilder();
    unknownDataset.getInputsBuilder(0).setDataset("other");
    refused(
        Reason.DATASET_NOT_FOUND, () -> finish(INSURER, computing.finish(unknownDataset.build())));
    refused(
        Reason.INVALID_REQUEST,
        () ->
            finish(
                INSURER,
                computing.finish(report().toBuilder().addOutputs(report().getOutputs(0)).build())));
  }

  @Test
  void aResultWithTooManyRowsIsRefused() {
    JobReport.Builder tooMany = report().toBuilder();
    tooMany.getOutputsBuilder(0).setRows(1001);
    refused(Reason.OUTPUT_RULE, () -> finish(INSURER, computing.finish(tooMany.build())));
    tooMany.getOutputsBuilder(0).setRows(-1);
    refused(Reason.OUTPUT_RULE, () -> finish(INSURER, computing.finish(tooMany.build())));
  }

  @Test
  void aHaltDoesNotUndoWhatWasComputed() {
    broker
        .agreements(HOSPITAL)
        .haltAgreement(
            HaltAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build());
    assertThat(finish(INSURER, computing.finish(report())).getSignaturesCount()).isEqualTo(1);
  }

  @Test
  void onlyNodesFinishAndOnlyNamedPartiesRead() {
    refused(
        Reason.ROLE_MISSING,
        () -> broker.keys(INSURER, Role.ANALYST).finishJob(computing.finish(report())));
    finish(INSURER, computing.finish(report()));
    assertThat(
            broker
                .keys(HOSPITAL, Role.ANALYST)
                .getReceipt(GetReceiptRequest.newBuilder().setJobId(job.getJobId()).build())
                .hasReceipt())
        .isTrue();
    refused(Reason.NOT_A_PARTY, () -> get(REGISTRY));
  }

  @Test
  void whereSeveralComputeEachHasItsOwn() throws Exception {
    SignedAgreement both =
        broker.activate(
            broker
                .consortium()
                .agreement(
                    "both",
                    2,
                    broker.time().instant().plus(Duration.ofDays(1)),
                    List.of(HOSPITAL, INSURER)));
    CreateJobRequest shared = broker.startJob(both);
    JobReport template =
        report().toBuilder()
            .setJobId(shared.getJobId())
            .setJobSha256(shared.getJobSha256())
            .build();
    for (String party : List.of(INSURER, HOSPITAL)) {
      FakeEnclave enclave = broker.enclave(both, shared, party);
      broker.keys(party).requestKeys(enclave.request(broker.challenge(shared, party)));
      finish(party, enclave.finish(template.toBuilder().setParty(party).build()));
    }
    for (String party : List.of(INSURER, HOSPITAL)) {
      Envelope own =
          broker
              .keys(party)
              .getReceipt(GetReceiptRequest.newBuilder().setJobId(shared.getJobId()).build())
              .getReceipt();
      assertThat(Receipt.parseFrom(own.getPayload()).getComputedAt()).isEqualTo(party);
    }
  }

  private JobReport report() {
    return JobReport.newBuilder()
        .setJobId(job.getJobId())
        .setParty(INSURER)
        .setJobSha256(job.getJobSha256())
        .addInputs(
            DatasetUse.newBuilder().setDataset("admissions").setRows(3).setCommitment(DIGEST))
        .addInputs(DatasetUse.newBuilder().setDataset("claims").setRows(4).setCommitment(DIGEST))
        .addOutputs(
            ResultDigest.newBuilder()
                .setResult("summary")
                .setRows(2)
                .setSealedSha256(DIGEST)
                .setSealedBytes(100))
        .setAppMillis(7)
        .build();
  }

  private FakeEnclave grant(CreateJobRequest of, String party) {
    FakeEnclave enclave = broker.enclave(signed, of, party);
    broker.keys(party).requestKeys(enclave.request(broker.challenge(of, party)));
    return enclave;
  }

  private Envelope finish(String party, FinishJobRequest request) {
    return broker.keys(party).finishJob(request).getReceipt();
  }

  private Envelope get(String party) {
    return broker
        .keys(party)
        .getReceipt(GetReceiptRequest.newBuilder().setJobId(job.getJobId()).build())
        .getReceipt();
  }
}
