package io.parley.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.broker.TestBroker;
import io.parley.broker.TestConsortium;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.tsm.FakeTsmFolder;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.AppraiseBrokerRequest;
import io.parley.proto.broker.v1.AppraiseBrokerResponse;
import io.parley.proto.broker.v1.AppraiseBrokerResponse.OutcomeCase;
import io.parley.proto.broker.v1.BrokerEvidenceServiceGrpc;
import io.parley.proto.broker.v1.GetBrokerEvidenceRequest;
import io.parley.transport.ShownCertificate;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker in a made-up SEV-SNP guest shows itself to parties, and cheats show. */
class BrokerAppraiserTest {
  private static final FakeAmd MILAN = FakeAmd.vcek(SnpProduct.MILAN);
  private static final Instant NOW = FakeAuthority.NOW;
  private static final String MEASURED = "ab".repeat(48);

  @TempDir static Path folder;
  private static FakeTsmFolder machine;
  private static TestBroker broker;

  /** What its machine does to a report before it is signed. */
  private static volatile UnaryOperator<ByteBuffer> cheat = UnaryOperator.identity();

  @BeforeAll
  static void start() throws Exception {
    Path tsm = Files.createDirectories(folder.resolve("tsm"));
    Path drafts = Files.createDirectories(folder.resolve("drafts"));
    machine =
        new FakeTsmFolder(
            tsm,
            drafts,
            "sev_guest",
            data ->
                Answer.of(MILAN.sign(cheat.apply(MILAN.unsigned(data))), MILAN.certificateTable()));
    broker =
        TestBroker.start(
            folder.resolve("broker"),
            yaml -> yaml + "own_evidence: {kind: sev-snp, tsm: %s}\n".formatted(tsm));
  }

  @AfterAll
  static void stop() {
    broker.close();
    machine.close();
  }

  @BeforeEach
  void honest() {
    cheat = UnaryOperator.identity();
  }

  /** What a party knows after it has asked. */
  private record Shown(BrokerStatement expected, BrokerEvidence evidence) {}

  private static ByteString nonce() {
    byte[] nonce = new byte[32];
    new SecureRandom().nextBytes(nonce);
    return ByteString.copyFrom(nonce);
  }

  private static Shown ask(Role role) {
    ByteString nonce = nonce();
    ShownCertificate shown = new ShownCertificate();
    Channel channel =
        ClientInterceptors.intercept(broker.channel(TestConsortium.HOSPITAL, role), shown);
    BrokerEvidence evidence =
        BrokerEvidence.fromMessage(
            BrokerEvidenceServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .getBrokerEvidence(GetBrokerEvidenceRequest.newBuilder().setNonce(nonce).build())
                .getEvidence());
    ByteString key = broker.consortium().chain().current().broker().signingKey().value();
    return new Shown(new BrokerStatement(nonce, key, shown.sha256()), evidence);
  }

  private static PlatformPolicy policy(String measurement) {
    return PlatformYaml.parse(
            """
            kind: sev-snp
            families: [milan]
            measurements: [%s]
            minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
            roots: {milan: "%s"}
            """
                .formatted(measurement, MILAN.root.fingerprint()),
            "policy.yaml")
        .policy();
  }

  private static AppraiseBrokerResponse appraise(
      BrokerStatement expected, BrokerEvidence evidence, Instant at, PlatformPolicy... policies) {
    return new BrokerAppraiser()
        .appraise(
            AppraiseBrokerRequest.newBuilder()
                .setEvidence(evidence.toMessage())
                .setStatement(expected.encode())
                .addAllPolicies(List.of(policies).stream().map(PlatformCodec::toMessage).toList())
                .setAt(StrictMessages.timestamp(at))
                .build());
  }

  private static AppraiseBrokerResponse appraise(Shown shown) {
    return appraise(shown.expected(), shown.evidence(), NOW, policy(MEASURED));
  }

  private static void refused(AppraiseBrokerResponse response, Reason reason, String claim) {
    assertThat(response.getOutcomeCase()).as("%s", response).isEqualTo(OutcomeCase.REFUSED);
    assertThat(response.getRefused().getReason()).isEqualTo(reason.name());
    assertThat(response.getRefused().getClaim()).isEqualTo(claim);
    assertThat(response.getRefused().getExpected()).isNotEqualTo(response.getRefused().getSeen());
  }

  @Test
  void itShowsWhereItRunsToEveryRoleOfAParty() {
    for (Role role : List.of(Role.NODE, Role.OPERATOR, Role.ANALYST)) {
      AppraiseBrokerResponse response = appraise(ask(role));
      assertThat(response.getOutcomeCase()).as("%s", response).isEqualTo(OutcomeCase.ACCEPTED);
      assertThat(response.getAccepted().getClaims()).contains("\"measurement\"", MEASURED);
      assertThat(response.getTableList()).anyMatch(line -> line.contains("HOLDS"));
    }
  }

  @Test
  void anAnswerToAnEarlierQuestionIsAReplay() {
    Shown before = ask(Role.NODE);
    Shown now = ask(Role.NODE);
    refused(
        appraise(now.expected(), before.evidence(), NOW, policy(MEASURED)),
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        "nonce");
  }

  @Test
  void anAnswerThatOnlySaysItIsAboutThisQuestionIsFoundOut() {
    Shown before = ask(Role.NODE);
    Shown now = ask(Role.NODE);
    BrokerEvidence dressed =
        new BrokerEvidence(
            "sev-snp",
            now.expected().encode(),
            before.evidence().report(),
            before.evidence().certificates(),
            before.evidence().collateral());
    refused(
        appraise(now.expected(), dressed, NOW, policy(MEASURED)),
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        "report_data");
  }

  @Test
  void anotherBrokersEvidenceIsNotThisOnes() {
    Shown shown = ask(Role.NODE);
    ByteString other = SigningKey.generate(new SecureRandom()).verifyingKey().value();
    BrokerStatement expected =
        new BrokerStatement(shown.expected().nonce(), other, shown.expected().tlsCertificate());
    refused(
        appraise(expected, shown.evidence(), NOW, policy(MEASURED)),
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        "broker_key");
  }

  @Test
  void whoStandsInBetweenShowsAnotherCertificate() {
    Shown shown = ask(Role.NODE);
    BrokerStatement expected =
        new BrokerStatement(
            shown.expected().nonce(),
            shown.expected().brokerKey(),
            Digest.of(ByteString.copyFromUtf8("a proxy's certificate")));
    refused(
        appraise(expected, shown.evidence(), NOW, policy(MEASURED)),
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        "tls_certificate_sha256");
  }

  @Test
  void aGuestThatItsHostCanDebugIsRefused() {
    cheat = report -> report.putLong(8, report.getLong(8) | 1L << 19);
    refused(appraise(ask(Role.NODE)), Reason.EVIDENCE_DEBUG, "debug");
  }

  @Test
  void anotherImageIsRefused() {
    Shown shown = ask(Role.NODE);
    refused(
        appraise(shown.expected(), shown.evidence(), NOW, policy("cd".repeat(48))),
        Reason.EVIDENCE_MEASUREMENT_WRONG,
        "measurement");
  }

  @Test
  void anotherVendorsReportIsRefused() {
    Shown shown = ask(Role.NODE);
    FakeAmd other = FakeAmd.vcek(SnpProduct.MILAN);
    BrokerEvidence forged =
        new BrokerEvidence(
            "sev-snp",
            shown.evidence().statement(),
            other.report(shown.expected().reportData().value().toByteArray()),
            List.of(
                ByteString.copyFrom(encoded(other.leaf)),
                ByteString.copyFrom(encoded(other.issuer)),
                ByteString.copyFrom(encoded(other.root))),
            shown.evidence().collateral());
    assertThat(appraise(shown.expected(), forged, NOW, policy(MEASURED)).getRefused().getReason())
        .isEqualTo("EVIDENCE_ROOT_UNKNOWN");
  }

  private static byte[] encoded(FakeAuthority authority) {
    try {
      return authority.certificate().getEncoded();
    } catch (java.security.cert.CertificateEncodingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void itIsJudgedAtTheTimeThatIsSaid() {
    Shown shown = ask(Role.NODE);
    assertThat(
            appraise(
                    shown.expected(),
                    shown.evidence(),
                    Instant.parse("2060-01-01T00:00:00Z"),
                    policy(MEASURED))
                .getOutcomeCase())
        .isEqualTo(OutcomeCase.REFUSED);
  }

  @Test
  void aKindThatTheAgreementDoesNotDemandIsRefused() {
    Shown shown = ask(Role.NODE);
    BrokerEvidence tdx =
        new BrokerEvidence(
            "tdx", shown.evidence().statement(), shown.evidence().report(), List.of(), List.of());
    refused(
        appraise(shown.expected(), tdx, NOW, policy(MEASURED)),
        Reason.EVIDENCE_KIND_NOT_ALLOWED,
        "kind");
    BrokerEvidence simulated =
        new BrokerEvidence(
            "simulated",
            shown.evidence().statement(),
            ByteString.copyFromUtf8("x"),
            List.of(),
            List.of());
    refused(
        appraise(shown.expected(), simulated, NOW, policy(MEASURED)),
        Reason.EVIDENCE_KIND_NOT_ALLOWED,
        "kind");
  }

  @Test
  void anyFlippedBitOfTheReportIsRefused() {
    Shown shown = ask(Role.NODE);
    byte[] report = shown.evidence().report().toByteArray();
    for (int at = 0; at < report.length; at += 7) {
      byte[] bad = report.clone();
      bad[at] ^= 4;
      BrokerEvidence flipped =
          new BrokerEvidence(
              "sev-snp",
              shown.evidence().statement(),
              ByteString.copyFrom(bad),
              shown.evidence().certificates(),
              shown.evidence().collateral());
      assertThat(appraise(shown.expected(), flipped, NOW, policy(MEASURED)).getOutcomeCase())
          .as("byte %d", at)
          .isNotEqualTo(OutcomeCase.ACCEPTED);
    }
  }

  @Test
  void nothingAndGarbageIsARefusalNotAnException() {
    assertThat(
            new BrokerAppraiser()
                .appraise(AppraiseBrokerRequest.getDefaultInstance())
                .getOutcomeCase())
        .isEqualTo(OutcomeCase.REFUSED);
    Shown shown = ask(Role.NODE);
    BrokerEvidence garbage =
        new BrokerEvidence(
            "sev-snp",
            shown.evidence().statement(),
            ByteString.copyFromUtf8("no report"),
            List.of(ByteString.copyFromUtf8("no certificate")),
            List.of(ByteString.copyFromUtf8("{no json")));
    assertThat(appraise(shown.expected(), garbage, NOW, policy(MEASURED)).getOutcomeCase())
        .isEqualTo(OutcomeCase.REFUSED);
  }

  @Test
  void withoutADemandItIsOnlyLookedAt() {
    // The vendor is made up, so there is nothing genuine about it.
    Shown shown = ask(Role.NODE);
    assertThat(appraise(shown.expected(), shown.evidence(), NOW).getRefused().getReason())
        .isEqualTo("EVIDENCE_ROOT_UNKNOWN");
  }

  @Test
  void aNonceOfAnotherLengthIsRefused() {
    TestBroker.refused(
        Reason.INVALID_REQUEST,
        () ->
            BrokerEvidenceServiceGrpc.newBlockingStub(
                    broker.channel(TestConsortium.HOSPITAL, Role.NODE))
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .getBrokerEvidence(
                    GetBrokerEvidenceRequest.newBuilder()
                        .setNonce(ByteString.copyFromUtf8("short"))
                        .build()));
  }
}
