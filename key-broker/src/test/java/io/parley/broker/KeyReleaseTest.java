package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.FakeEnclave.Facts;
import io.parley.evidence.Evidence;
import io.parley.evidence.ReportData;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.ReadEntriesRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class KeyReleaseTest {
  private static final Digest OTHER = Digest.of(new byte[] {77});

  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;
  private CreateJobRequest job;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(5);
    job = broker.startJob(signed);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void eachEnclaveGetsTheKeysItsPartNeedsAndNoMore() throws Exception {
    Map<String, Secret> owner = granted(enclave(HOSPITAL), HOSPITAL);
    Map<String, Secret> computing = granted(enclave(INSURER), INSURER);
    assertThat(owner).containsOnlyKeys("", "admissions");
    assertThat(computing).containsOnlyKeys("", "admissions", "claims");
    assertThat(computing).containsAllEntriesOf(owner);
    assertThat(computing.get("claims")).isNotEqualTo(computing.get("admissions"));
    assertThat(computing.get("")).isNotEqualTo(computing.get("admissions"));
  }

  @Test
  void datasetKeysStayAndJobKeysDifferFromJobToJob() throws Exception {
    Map<String, Secret> first = granted(enclave(HOSPITAL), HOSPITAL);
    broker.restart();
    CreateJobRequest second = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, second, HOSPITAL);
    Evidence evidence = enclave.evidence(broker.challenge(second, HOSPITAL));
    Map<String, Secret> keys = enclave.open(evidence, request(HOSPITAL, evidence));
    assertThat(keys.get("admissions")).isEqualTo(first.get("admissions"));
    assertThat(keys.get("")).isNotEqualTo(first.get(""));
  }

  @Test
  void theGrantSaysWhatItIsForAndIsSignedByTheBroker() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    Evidence evidence = enclave.evidence(challenge(INSURER));
    RequestKeysResponse response = request(INSURER, evidence);
    Grant grant = Grant.parseFrom(response.getGrant());
    assertThat(grant.getJobId()).isEqualTo(job.getJobId());
    assertThat(grant.getParty()).isEqualTo(INSURER);
    assertThat(grant.getAgreementSha256()).isEqualTo(signed.digest().value());
    assertThat(grant.getJobSha256()).isEqualTo(job.getJobSha256());
    assertThat(grant.getEvidenceSha256()).isEqualTo(evidence.digest().value());
    assertThat(Digest.of(response.getBrokerKey())).isEqualTo(signed.agreement().broker());
  }

  @Test
  void keysOfOneGrantOpenUnderNoOtherEvidence() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    Evidence first = enclave.evidence(challenge(INSURER));
    RequestKeysResponse response = request(INSURER, first);
    Evidence second = enclave.evidence(challenge(INSURER));
    refused(Reason.GRANT_WRONG, () -> enclave.open(second, response));
    Facts facts = enclave.facts();
    FakeEnclave otherJob = enclave.with(withJob(facts, facts.jobId(), OTHER));
    refused(Reason.GRANT_WRONG, () -> otherJob.open(first, response));
  }

  @Test
  void theSameEnclaveMayAskAgainWithANewChallenge() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    assertThat(granted(enclave, INSURER)).isEqualTo(granted(enclave, INSURER));
  }

  @Test
  void aSecondEnclaveForTheSameJobAndPartyIsRefused() throws Exception {
    granted(enclave(INSURER), INSURER);
    FakeEnclave second = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    ParleyException refusal =
        refused(
            Reason.EVIDENCE_KEY_WRONG,
            () -> broker.keys(INSURER).requestKeys(second.request(nonce)));
    assertThat(refusal.metadata()).containsEntry("claim", "receive_key");
  }

  static Stream<Arguments> wrongClaims() {
    return Stream.of(
        wrong(
            "another job",
            "job_id",
            Reason.EVIDENCE_JOB_WRONG,
            f -> withJob(f, "00112233445566778899aabbccddeeff", f.job())),
        wrong(
            "another job specification",
            "job_sha256",
            Reason.EVIDENCE_JOB_WRONG,
            f -> withJob(f, f.jobId(), OTHER)),
        wrong(
            "another agreement",
            "agreement_sha256",
            Reason.EVIDENCE_AGREEMENT_WRONG,
            f ->
                new Facts(
                    OTHER,
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    f.isolation(),
                    f.platformKey(),
                    f.kind(),
                    null)),
        wrong(
            "another party",
            "party",
            Reason.EVIDENCE_PARTY_WRONG,
            f ->
                new Facts(
                    f.agreement(),
                    HOSPITAL,
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    f.isolation(),
                    f.platformKey(),
                    f.kind(),
                    null)),
        wrong("another app", "app_sha256", Reason.EVIDENCE_APP_WRONG, f -> withApp(f, OTHER)),
        wrong("no app", "app_sha256", Reason.EVIDENCE_APP_WRONG, f -> withApp(f, null)),
        wrong(
            "another shim",
            "shim_sha256",
            Reason.EVIDENCE_SHIM_WRONG,
            f ->
                new Facts(
                    f.agreement(),
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    OTHER,
                    f.isolation(),
                    f.platformKey(),
                    f.kind(),
                    null)),
        wrong(
            "another isolation",
            "isolation",
            Reason.EVIDENCE_ISOLATION_WRONG,
            f ->
                new Facts(
                    f.agreement(),
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    "landlock",
                    f.platformKey(),
                    f.kind(),
                    null)),
        wrong(
            "a test that failed",
            "tests.network",
            Reason.EVIDENCE_TEST_WRONG,
            f -> withTest(f, "network", "allowed")),
        wrong(
            "a test that is missing",
            "tests.crypto",
            Reason.EVIDENCE_TEST_WRONG,
            f -> withTest(f, "crypto", null)),
        wrong(
            "another platform key",
            "document",
            Reason.EVIDENCE_SIGNATURE_WRONG,
            f ->
                new Facts(
                    f.agreement(),
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    f.isolation(),
                    SigningKey.generate(new SecureRandom()),
                    f.kind(),
                    null)),
        wrong(
            "another kind",
            "kind",
            Reason.EVIDENCE_KIND_NOT_ALLOWED,
            f ->
                new Facts(
                    f.agreement(),
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    f.isolation(),
                    f.platformKey(),
                    "sev-snp",
                    null)),
        wrong(
            "bytes that are no signing key",
            "signing_key",
            Reason.EVIDENCE_KEY_WRONG,
            f ->
                new Facts(
                    f.agreement(),
                    f.party(),
                    f.jobId(),
                    f.job(),
                    f.app(),
                    f.tests(),
                    f.shim(),
                    f.isolation(),
                    f.platformKey(),
                    f.kind(),
                    ByteString.copyFrom(new byte[32]))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongClaims")
  void evidenceWithOneWrongClaimIsRefused(
      String what, String claim, Reason reason, UnaryOperator<Facts> change) throws Exception {
    FakeEnclave right = enclave(INSURER);
    FakeEnclave wrong = right.with(change.apply(right.facts()));
    ByteString nonce = challenge(INSURER);
    ParleyException refusal =
        refused(reason, () -> broker.keys(INSURER).requestKeys(wrong.request(nonce)));
    assertThat(refusal.metadata()).containsEntry("claim", claim);
    assertThat(refusal.getMessage()).doesNotContain(TestConsortium.SHIM.hex());

    Decision recorded = broker.decisions(INSURER).getLast();
    assertThat(recorded.getAction()).as(what).isEqualTo("refuse");
    assertThat(recorded.getReason()).isEqualTo(reason.name());
    assertThat(recorded.getJobId()).isEqualTo(job.getJobId());
    // The challenge is used up, whatever came of it; the enclave is not shut out.
    refused(Reason.CHALLENGE_UNKNOWN, () -> broker.keys(INSURER).requestKeys(right.request(nonce)));
    assertThat(granted(right, INSURER)).hasSize(3);
  }

  @Test
  void anOwnersEnclaveWithAnAppIsRefused() {
    FakeEnclave right = enclave(HOSPITAL);
    FakeEnclave wrong = right.with(withApp(right.facts(), TestConsortium.APP));
    ByteString nonce = challenge(HOSPITAL);
    refused(
        Reason.EVIDENCE_APP_WRONG, () -> broker.keys(HOSPITAL).requestKeys(wrong.request(nonce)));
  }

  @Test
  void aTestThatTheAgreementDoesNotNameIsIgnored() throws Exception {
    FakeEnclave right = enclave(INSURER);
    assertThat(granted(right.with(withTest(right.facts(), "weather", "fine")), INSURER)).hasSize(3);
  }

  @Test
  void ownersReadExpectedAndSeenAndOthersDoNot() {
    // The hospital's enclave asks for the hospital's key alone: no business of the insurer.
    FakeEnclave right = enclave(HOSPITAL);
    FakeEnclave wrong = right.with(withTest(right.facts(), "network", "allowed"));
    ByteString nonce = challenge(HOSPITAL);
    refused(
        Reason.EVIDENCE_TEST_WRONG, () -> broker.keys(HOSPITAL).requestKeys(wrong.request(nonce)));
    Decision owners = broker.decisions(HOSPITAL).getLast();
    assertThat(owners.getDetail())
        .isEqualTo(
            "claim tests.network: this environment test did not come out as agreed; see parley doctor");
    assertThat(owners.getComparison().getClaimsList())
        .containsExactly(
            ComparedClaim.newBuilder()
                .setClaim("tests.network")
                .setExpected("denied")
                .setSeen("allowed")
                .setReason("EVIDENCE_TEST_WRONG")
                .setAdvice("this environment test did not come out as agreed; see parley doctor")
                .build());
    Decision others = broker.decisions(INSURER).getLast();
    assertThat(others).isEqualTo(owners.toBuilder().clearComparison().build());
    assertThat(broker.decisions(REGISTRY)).allMatch(d -> d.getAction().equals("membership"));
  }

  /** Claims that evidence makes, in the order in which they are judged. */
  private static final List<String> JUDGED =
      List.of(
          "job_id",
          "job_sha256",
          "party",
          "agreement_sha256",
          "app_sha256",
          "shim_sha256",
          "isolation",
          "tests.crypto",
          "tests.network",
          "signing_key");

  private record Wrong(String claim, Reason reason, UnaryOperator<Facts> change) {}

  /** Of each claim that is judged one that is wrong. */
  @SuppressWarnings("unchecked")
  private static List<Wrong> judged() {
    Map<String, Wrong> byClaim = new TreeMap<>();
    wrongClaims()
        .map(Arguments::get)
        .map(each -> new Wrong((String) each[1], (Reason) each[2], (UnaryOperator<Facts>) each[3]))
        .forEach(wrong -> byClaim.putIfAbsent(wrong.claim(), wrong));
    assertThat(byClaim.keySet()).containsAll(JUDGED);
    return JUDGED.stream().map(claim -> Objects.requireNonNull(byClaim.get(claim))).toList();
  }

  @Test
  void everyPairThatDiffersIsRecordedAndTheFirstIsAnswered() {
    List<Wrong> all = judged();
    for (int i = 0; i < all.size(); i++) {
      for (int j = i + 1; j < all.size(); j++) {
        requireAllRecorded(List.of(all.get(i), all.get(j)));
      }
    }
  }

  @Test
  void threeAndAllThatDifferAreRecordedAndTheFirstIsAnswered() {
    List<Wrong> all = judged();
    for (int i = 0; i + 2 < all.size(); i++) {
      requireAllRecorded(all.subList(i, i + 3));
    }
    requireAllRecorded(all);
  }

  private void requireAllRecorded(List<Wrong> wrong) {
    FakeEnclave right = enclave(INSURER);
    Facts facts = right.facts();
    for (Wrong each : wrong) {
      facts = each.change().apply(facts);
    }
    FakeEnclave asking = right.with(facts);
    ByteString nonce = challenge(INSURER);
    Wrong first = wrong.getFirst();
    ParleyException refusal =
        refused(first.reason(), () -> broker.keys(INSURER).requestKeys(asking.request(nonce)));
    assertThat(refusal.metadata())
        .containsEntry("claim", first.claim())
        .containsOnlyKeys("claim", "party", "job");
    List<ComparedClaim> recorded =
        broker.decisions(HOSPITAL).getLast().getComparison().getClaimsList();
    assertThat(recorded)
        .extracting(ComparedClaim::getClaim)
        .containsExactlyElementsOf(wrong.stream().map(Wrong::claim).toList());
    assertThat(recorded)
        .extracting(ComparedClaim::getReason)
        .containsExactlyElementsOf(wrong.stream().map(each -> each.reason().name()).toList());
    requireToldNothing(refusal.getMessage() + refusal.metadata(), recorded);
  }

  /** Nothing of what was compared is in it, but the name of the first claim. */
  private static void requireToldNothing(String told, List<ComparedClaim> recorded) {
    assertThat(recorded)
        .allSatisfy(claim -> {
          // A party's name, or a job's id, is in every message of a refusal.
          if (!claim.getClaim().equals("party") && !claim.getClaim().equals("job_id")) {
            assertThat(told).doesNotContain(claim.getExpected());
          }
          if (!claim.getClaim().equals("party")) {
            assertThat(told).doesNotContain(claim.getSeen());
          }
        });
    assertThat(recorded.subList(1, recorded.size()))
        .allSatisfy(claim -> assertThat(told).doesNotContain("'" + claim.getClaim() + "'"));
  }

  @Test
  void whoComputesWithOthersDataLearnsTheReasonAndOwnersOfOtherDataNothing() {
    // The registry computes with the hospital's admissions and owns nothing.
    Agreement plain = broker.consortium().agreement("wards-by-registry", 5);
    Dataset admissions = plain.dataset("admissions");
    signed =
        broker.activate(
            new Agreement(
                plain.name(),
                List.of(
                    plain.party(HOSPITAL),
                    plain.party(INSURER),
                    broker.consortium().party(REGISTRY).party()),
                plain.broker(),
                plain.app(),
                List.of(
                    new Dataset(
                        admissions.name(),
                        admissions.owner(),
                        admissions.columns(),
                        List.of(REGISTRY))),
                List.of(REGISTRY),
                List.of(new ResultRule("summary", List.of(HOSPITAL, INSURER), 1000)),
                plain.environment(),
                plain.terms(),
                plain.parameters()));
    job = broker.startJob(signed);
    FakeEnclave right = enclave(REGISTRY);
    FakeEnclave wrong =
        right.with(
            withTest(
                withTest(withApp(right.facts(), OTHER), "network", "everywhere"),
                "crypto",
                "broken"));
    ByteString nonce = challenge(REGISTRY);
    ParleyException refusal =
        refused(
            Reason.EVIDENCE_APP_WRONG,
            () -> broker.keys(REGISTRY).requestKeys(wrong.request(nonce)));
    Decision owners = broker.decisions(HOSPITAL).getLast();
    assertThat(owners.getComparison().getClaimsList())
        .extracting(ComparedClaim::getClaim, ComparedClaim::getExpected, ComparedClaim::getSeen)
        .containsExactly(
            tuple("app_sha256", TestConsortium.APP.toString(), OTHER.toString()),
            tuple("tests.crypto", "passed", "broken"),
            tuple("tests.network", "denied", "everywhere"));
    requireToldNothing(
        refusal.getMessage() + refusal.metadata(), owners.getComparison().getClaimsList());
    for (String party : List.of(REGISTRY, INSURER)) {
      assertThat(broker.decisions(party).getLast())
          .isEqualTo(owners.toBuilder().clearComparison().build());
      assertThat(
              broker
                  .log(party)
                  .readEntries(ReadEntriesRequest.newBuilder().setStart(owners.getIndex()).build())
                  .getEntries(0))
          .satisfies(entry -> {
            assertThat(entry.getEntry().isEmpty()).isFalse();
            assertThat(entry.getComparison().isEmpty()).isTrue();
            assertThat(entry.getComparisonSalt().isEmpty()).isTrue();
          });
    }
  }

  @Test
  void evidenceThatIsNotGenuineIsComparedWithNothing() {
    FakeEnclave right = enclave(INSURER);
    Facts f = withTest(withApp(right.facts(), OTHER), "network", "allowed");
    FakeEnclave forged =
        right.with(
            new Facts(
                f.agreement(),
                f.party(),
                f.jobId(),
                f.job(),
                f.app(),
                f.tests(),
                f.shim(),
                f.isolation(),
                SigningKey.generate(new SecureRandom()),
                f.kind(),
                null));
    ByteString nonce = challenge(INSURER);
    refused(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        () -> broker.keys(INSURER).requestKeys(forged.request(nonce)));
    assertThat(broker.decisions(HOSPITAL).getLast().getComparison().getClaimsList())
        .extracting(ComparedClaim::getClaim)
        .containsExactly("document");
  }

  @Test
  void evidenceIsGoodOnce() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    Evidence evidence = enclave.evidence(challenge(INSURER));
    request(INSURER, evidence);
    refused(Reason.CHALLENGE_UNKNOWN, () -> request(INSURER, evidence));
  }

  @Test
  void evidenceOfAnEarlierJobIsRefused() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    Evidence earlier = enclave.evidence(challenge(INSURER));
    request(INSURER, earlier);
    broker.startJob(signed);
    refused(Reason.CHALLENGE_UNKNOWN, () -> request(INSURER, earlier));
    // Neither does a fresh challenge of the new job make the old job's enclave good.
    CreateJobRequest next = broker.startJob(signed);
    ByteString nonce = broker.challenge(next, INSURER);
    refused(
        Reason.EVIDENCE_JOB_WRONG, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
  }

  @Test
  void challengesFromBeforeARestartAreUnknown() {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    broker.restart();
    refused(
        Reason.CHALLENGE_UNKNOWN, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
  }

  @Test
  void aChallengeThatIsTooOldIsRefused() {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    broker.time().pass(Duration.ofMinutes(2));
    refused(
        Reason.CHALLENGE_UNKNOWN, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
  }

  @Test
  void aNonceThatNobodyGaveOutIsRefused() {
    FakeEnclave enclave = enclave(INSURER);
    ByteString made = ByteString.copyFrom(new byte[32]);
    refused(
        Reason.CHALLENGE_UNKNOWN, () -> broker.keys(INSURER).requestKeys(enclave.request(made)));
  }

  @Test
  void nobodyUsesAnothersChallengeOrPassesOnAnothersEvidence() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    refused(
        Reason.CHALLENGE_UNKNOWN, () -> broker.keys(HOSPITAL).requestKeys(enclave.request(nonce)));
    refused(
        Reason.EVIDENCE_PARTY_WRONG,
        () ->
            broker
                .keys(HOSPITAL)
                .createChallenge(
                    CreateChallengeRequest.newBuilder()
                        .setJobId(job.getJobId())
                        .setParty(INSURER)
                        .build()));
    // The insurer's own use is not spoilt by it.
    Evidence evidence = enclave.evidence(nonce);
    assertThat(enclave.open(evidence, request(INSURER, evidence))).hasSize(3);
  }

  @Test
  void aPlatformsSignatureForOtherClaimsIsRefused() {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    Evidence right = enclave.evidence(nonce);
    ByteString foreign =
        enclave.document(ReportData.of(enclave.claims(challenge(INSURER)).encode()));
    Evidence swapped = new Evidence(right.kind(), right.claims(), foreign);
    ParleyException refusal =
        refused(Reason.EVIDENCE_REPORT_DATA_WRONG, () -> request(INSURER, swapped));
    assertThat(refusal.metadata()).containsEntry("claim", "report_data");
  }

  @Test
  void flippedBytesAnywhereInEvidenceNeverGetKeys() {
    FakeEnclave enclave = enclave(INSURER);
    byte[] whole = enclave.evidence(challenge(INSURER)).claims().toByteArray();
    for (int i = 0; i < whole.length; i += 37) {
      Evidence right = enclave.evidence(challenge(INSURER));
      byte[] claims = right.claims().toByteArray();
      claims[i] ^= 1;
      Evidence flipped = new Evidence(right.kind(), ByteString.copyFrom(claims), right.document());
      assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> request(INSURER, flipped)))
          .as("claims byte %d", i)
          .isInstanceOf(io.grpc.StatusRuntimeException.class);
    }
    int size = enclave.evidence(challenge(INSURER)).document().size();
    for (int i = 0; i < size; i += 11) {
      Evidence right = enclave.evidence(challenge(INSURER));
      byte[] document = right.document().toByteArray();
      document[i] ^= 1;
      Evidence flipped = new Evidence(right.kind(), right.claims(), ByteString.copyFrom(document));
      assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> request(INSURER, flipped)))
          .as("document byte %d", i)
          .isInstanceOf(io.grpc.StatusRuntimeException.class);
    }
  }

  @Test
  void whatIsNoEvidenceIsRefusedAndRecorded() {
    refused(
        Reason.INVALID_EVIDENCE,
        () -> broker.keys(INSURER).requestKeys(RequestKeysRequest.getDefaultInstance()));
    assertThat(broker.decisions(INSURER).getLast().getReason()).isEqualTo("INVALID_EVIDENCE");
    assertThat(broker.decisions(HOSPITAL)).noneMatch(d -> d.getReason().equals("INVALID_EVIDENCE"));
  }

  @Test
  void aRequestOverTheMessageLimitIsRefused() {
    var huge =
        RequestKeysRequest.newBuilder()
            .setEvidence(
                io.parley.proto.enclave.v1.Evidence.newBuilder()
                    .setKind("simulated")
                    .setClaims(ByteString.copyFrom(new byte[5 << 20])))
            .build();
    assertThat(
            org.assertj.core.api.Assertions.catchThrowableOfType(
                    io.grpc.StatusRuntimeException.class,
                    () -> broker.keys(INSURER).requestKeys(huge))
                .getStatus()
                .getCode())
        .isIn(io.grpc.Status.Code.RESOURCE_EXHAUSTED, io.grpc.Status.Code.CANCELLED);
  }

  @Test
  void afterAHaltNoKeyLeavesUntilAllResume() throws Exception {
    FakeEnclave enclave = enclave(INSURER);
    ByteString before = challenge(INSURER);
    broker
        .agreements(HOSPITAL)
        .haltAgreement(
            HaltAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build());
    refused(
        Reason.AGREEMENT_HALTED, () -> broker.keys(INSURER).requestKeys(enclave.request(before)));
    refused(Reason.AGREEMENT_HALTED, () -> challenge(INSURER));
    assertThat(broker.decisions(HOSPITAL).getLast().getReason()).isEqualTo("AGREEMENT_HALTED");
  }

  @Test
  void afterItsEndNoKeyLeaves() {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    broker.time().set(signed.agreement().expires());
    refused(
        Reason.AGREEMENT_EXPIRED, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
  }

  @Test
  void anUnknownJobGetsNoChallenge() {
    refused(Reason.JOB_NOT_FOUND, () -> broker.challenge(TestBroker.job(signed), INSURER));
  }

  @Test
  void aMemberThatIsNotNamedGetsNoChallenge() {
    refused(Reason.NOT_A_PARTY, () -> challenge(REGISTRY));
  }

  @ParameterizedTest
  @EnumSource(
      value = Role.class,
      names = {"ANALYST", "OPERATOR"})
  void onlyNodesAskForKeys(Role role) {
    FakeEnclave enclave = enclave(INSURER);
    ByteString nonce = challenge(INSURER);
    refused(
        Reason.ROLE_MISSING, () -> broker.keys(INSURER, role).requestKeys(enclave.request(nonce)));
    refused(
        Reason.ROLE_MISSING,
        () ->
            broker
                .keys(INSURER, role)
                .createChallenge(CreateChallengeRequest.getDefaultInstance()));
  }

  @Test
  void theGrantIsInTheRecordBeforeItIsAnswered() throws Exception {
    granted(enclave(INSURER), INSURER);
    Decision last = broker.decisions(HOSPITAL).getLast();
    assertThat(last.getAction()).isEqualTo("grant");
    assertThat(last.getParty()).isEqualTo(INSURER);
    assertThat(last.getDetail()).contains("simulated evidence sha256:");
  }

  private static Arguments wrong(
      String what, String claim, Reason reason, UnaryOperator<Facts> change) {
    return Arguments.of(what, claim, reason, change);
  }

  private static Facts withJob(Facts f, String jobId, Digest job) {
    return new Facts(
        f.agreement(),
        f.party(),
        jobId,
        job,
        f.app(),
        f.tests(),
        f.shim(),
        f.isolation(),
        f.platformKey(),
        f.kind(),
        null);
  }

  private static Facts withApp(Facts f, @org.jspecify.annotations.Nullable Digest app) {
    return new Facts(
        f.agreement(),
        f.party(),
        f.jobId(),
        f.job(),
        app,
        f.tests(),
        f.shim(),
        f.isolation(),
        f.platformKey(),
        f.kind(),
        null);
  }

  private static Facts withTest(
      Facts f, String name, @org.jspecify.annotations.Nullable String outcome) {
    TreeMap<String, String> tests = new TreeMap<>(f.tests());
    if (outcome == null) {
      tests.remove(name);
    } else {
      tests.put(name, outcome);
    }
    return new Facts(
        f.agreement(),
        f.party(),
        f.jobId(),
        f.job(),
        f.app(),
        tests,
        f.shim(),
        f.isolation(),
        f.platformKey(),
        f.kind(),
        null);
  }

  private FakeEnclave enclave(String party) {
    return broker.enclave(signed, job, party);
  }

  private ByteString challenge(String party) {
    return broker.challenge(job, party);
  }

  private RequestKeysResponse request(String party, Evidence evidence) {
    return broker
        .keys(party)
        .requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build());
  }

  private Map<String, Secret> granted(FakeEnclave enclave, String party) throws Exception {
    Evidence evidence = enclave.evidence(challenge(party));
    return enclave.open(evidence, request(party, evidence));
  }
}
