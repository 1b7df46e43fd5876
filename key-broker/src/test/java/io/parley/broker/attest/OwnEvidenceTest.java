package io.parley.broker.attest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ClientInterceptors;
import io.parley.broker.TestBroker;
import io.parley.broker.TestConsortium;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.tsm.FakeTsmFolder;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.BrokerEvidenceServiceGrpc;
import io.parley.proto.broker.v1.BrokerEvidenceServiceGrpc.BrokerEvidenceServiceBlockingStub;
import io.parley.proto.broker.v1.GetBrokerEvidenceRequest;
import io.parley.transport.ShownCertificate;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker shows, and what it needs for that when it starts. */
class OwnEvidenceTest {
  private static final GetBrokerEvidenceRequest QUESTION =
      GetBrokerEvidenceRequest.newBuilder().setNonce(ByteString.copyFrom(new byte[32])).build();

  @TempDir Path folder;

  private static BrokerEvidenceServiceBlockingStub stub(TestBroker broker, ShownCertificate shown) {
    return BrokerEvidenceServiceGrpc.newBlockingStub(
            ClientInterceptors.intercept(
                broker.channel(TestConsortium.INSURER, Role.ANALYST), shown))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  @Test
  void aBrokerOutsideOfEnclavesSaysSo() throws Exception {
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      TestBroker.refused(
          Reason.BROKER_EVIDENCE_MISSING,
          () -> stub(broker, new ShownCertificate()).getBrokerEvidence(QUESTION));
    }
  }

  @Test
  void simulatedEvidenceIsTheBrokersOwnSignature() throws Exception {
    try (TestBroker broker =
        TestBroker.start(
            folder.resolve("broker"), yaml -> yaml + "own_evidence: {kind: simulated}\n")) {
      ShownCertificate shown = new ShownCertificate();
      BrokerEvidence evidence =
          BrokerEvidence.fromMessage(stub(broker, shown).getBrokerEvidence(QUESTION).getEvidence());
      var key = broker.consortium().chain().current().broker().signingKey();
      assertThat(evidence.kind()).isEqualTo("simulated");
      assertThat(BrokerStatement.parse(evidence.statement()))
          .isEqualTo(new BrokerStatement(QUESTION.getNonce(), key.value(), shown.sha256()));
      assertThat(
              key.verify(
                  "parley/v1/simulated-broker-statement", evidence.statement(), evidence.report()))
          .isTrue();
    }
  }

  @Test
  void aBrokerThatCannotShowWhatItShouldDoesNotStart() throws Exception {
    Path none = folder.resolve("no-such-folder");
    TestBroker.refused(
        Reason.SANDBOX_UNAVAILABLE,
        () ->
            TestBroker.start(
                folder.resolve("a"),
                yaml -> yaml + "own_evidence: {kind: tdx, tsm: %s}\n".formatted(none)));
    Path tsm = Files.createDirectory(folder.resolve("tsm"));
    Path drafts = Files.createDirectory(folder.resolve("drafts"));
    ByteString report = ByteString.copyFromUtf8("a report");
    try (FakeTsmFolder machine =
        new FakeTsmFolder(tsm, drafts, "tdx_guest", data -> Answer.of(report, ByteString.EMPTY))) {
      TestBroker.refused(
          Reason.SANDBOX_UNAVAILABLE,
          () ->
              TestBroker.start(
                  folder.resolve("b"),
                  yaml -> yaml + "own_evidence: {kind: sev-snp, tsm: %s}\n".formatted(tsm)));
      TestBroker.refused(
          Reason.IO_FAILED,
          () ->
              TestBroker.start(
                  folder.resolve("c"),
                  yaml ->
                      yaml
                          + "own_evidence: {kind: tdx, tsm: %s, collateral: [gone.json]}\n"
                              .formatted(tsm)));
      assertThat(machine.questions()).isNotEmpty();
    }
  }

  @Test
  void vendorFilesAreReadAnewForEveryAsker() throws Exception {
    Path tsm = Files.createDirectory(folder.resolve("tsm"));
    Path drafts = Files.createDirectory(folder.resolve("drafts"));
    Path collateral = Files.writeString(folder.resolve("collateral.json"), "{\"a\": 1}");
    ByteString report = ByteString.copyFromUtf8("a report");
    try (FakeTsmFolder machine =
            new FakeTsmFolder(
                tsm, drafts, "tdx_guest", data -> Answer.of(report, ByteString.EMPTY));
        TestBroker broker =
            TestBroker.start(
                folder.resolve("broker"),
                yaml ->
                    yaml
                        + "own_evidence: {kind: tdx, tsm: %s, collateral: [%s]}\n"
                            .formatted(tsm, collateral))) {
      assertThat(shownCollateral(broker)).isEqualTo("{\"a\": 1}");
      Files.writeString(collateral, "{\"a\": 2}");
      assertThat(shownCollateral(broker)).isEqualTo("{\"a\": 2}");
      assertThat(machine.questions()).hasSize(3);
    }
  }

  private static String shownCollateral(TestBroker broker) {
    return stub(broker, new ShownCertificate())
        .getBrokerEvidence(QUESTION)
        .getEvidence()
        .getCollateral(0)
        .toStringUtf8();
  }
}
