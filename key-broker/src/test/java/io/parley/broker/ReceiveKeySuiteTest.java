package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Environment;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Evidence;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.seal.HpkeSuite;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys are sealed with the suite that the parties signed, whatever an enclave asks for. */
class ReceiveKeySuiteTest {
  @TempDir Path folder;
  private TestBroker broker;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @ParameterizedTest
  @EnumSource
  void keysAreSealedWithTheSuiteOfTheAgreement(HpkeSuite suite) throws Exception {
    SignedAgreement signed = agreement(suite);
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, job, INSURER);
    Evidence evidence = enclave.evidence(broker.challenge(job, INSURER));

    RequestKeysResponse response = broker.keys(INSURER).requestKeys(request(evidence));

    assertThat(Grant.parseFrom(response.getGrant()).getKeysList())
        .hasSize(3)
        .allMatch(key -> key.getKey().getSuite() == suite.toMessage());
    assertThat(enclave.open(evidence, response)).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource
  void anotherSuiteIsRefusedInBothDirections(HpkeSuite suite) throws Exception {
    SignedAgreement signed = agreement(suite);
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave right = broker.enclave(signed, job, HOSPITAL);
    FakeEnclave wrong = right.receivingWith(other(suite));
    ByteString nonce = broker.challenge(job, HOSPITAL);

    ParleyException refusal =
        refused(
            Reason.EVIDENCE_KEY_WRONG,
            () -> broker.keys(HOSPITAL).requestKeys(wrong.request(nonce)));

    assertThat(refusal.metadata()).containsEntry("claim", "receive_key");
    Decision recorded = broker.decisions(HOSPITAL).getLast();
    assertThat(recorded.getAction()).isEqualTo("refuse");
    assertThat(recorded.getDetail()).startsWith("claim receive_key: ");
    assertThat(recorded.getComparison().getClaimsList())
        .singleElement()
        .satisfies(claim -> {
          assertThat(claim.getExpected()).isEqualTo(suite.name());
          assertThat(claim.getSeen()).isEqualTo(other(suite).name());
        });
    // The enclave that was refused is not the job's enclave: the right one still is served.
    Evidence evidence = right.evidence(broker.challenge(job, HOSPITAL));
    assertThat(right.open(evidence, broker.keys(HOSPITAL).requestKeys(request(evidence))))
        .hasSize(2);
  }

  @Test
  void oneJobsPartiesCannotMixSuites() throws Exception {
    SignedAgreement signed = agreement(HpkeSuite.XWING);
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave computing = broker.enclave(signed, job, INSURER);
    Evidence evidence = computing.evidence(broker.challenge(job, INSURER));
    assertThat(computing.open(evidence, broker.keys(INSURER).requestKeys(request(evidence))))
        .hasSize(3);

    FakeEnclave owner = broker.enclave(signed, job, HOSPITAL).receivingWith(HpkeSuite.X25519);
    ByteString nonce = broker.challenge(job, HOSPITAL);
    refused(
        Reason.EVIDENCE_KEY_WRONG, () -> broker.keys(HOSPITAL).requestKeys(owner.request(nonce)));
  }

  private SignedAgreement agreement(HpkeSuite suite) {
    Agreement usual = broker.consortium().agreement("wards", 5);
    Environment environment = usual.environment();
    return broker.activate(
        new Agreement(
            usual.name(),
            usual.parties(),
            usual.broker(),
            usual.app(),
            usual.datasets(),
            usual.compute(),
            usual.results(),
            new Environment(
                environment.evidence(),
                environment.shim(),
                environment.tests(),
                environment.isolation(),
                suite),
            usual.terms(),
            usual.parameters()));
  }

  private static RequestKeysRequest request(Evidence evidence) {
    return RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build();
  }

  private static HpkeSuite other(HpkeSuite suite) {
    return suite == HpkeSuite.XWING ? HpkeSuite.X25519 : HpkeSuite.XWING;
  }
}
