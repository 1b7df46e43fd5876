package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.log.TestLog;
import io.parley.broker.store.FaultPoint;
import io.parley.broker.store.Store;
import io.parley.identity.Role;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.AnswerGiven;
import io.parley.proto.broker.v1.AnswerOver;
import io.parley.proto.broker.v1.AnswerRecord;
import io.parley.proto.broker.v1.AnswerRecorded;
import io.parley.proto.broker.v1.AnswersAsked;
import io.parley.proto.broker.v1.AnswersHead;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ReadAnswersRequest;
import io.parley.proto.broker.v1.ReadAnswersResponse;
import io.parley.proto.broker.v1.RecordAnswerRequest;
import io.parley.proto.broker.v1.RecordAnswerResponse;
import io.parley.proto.broker.v1.RevokeKeysRequest;
import io.parley.proto.broker.v1.RotateKeyRequest;
import io.parley.seal.AnswerChain;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The line of records: who may read and add, one behind the other, whatever happens between. */
class AnswerRecordsTest {
  private static final String ADMISSIONS = "admissions";
  private static final String CLAIMS = "claims";
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(100);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  /** A job, and its enclave that computes. */
  private record Answering(CreateJobRequest job, FakeEnclave enclave) {
    ReadAnswersRequest ask(String dataset, long after) {
      byte[] nonce = new byte[AnswerChain.NONCE_SIZE_BYTES];
      RANDOM.nextBytes(nonce);
      return ask(
          AnswersAsked.newBuilder()
              .setJobId(job.getJobId())
              .setParty(INSURER)
              .setDataset(dataset)
              .setAfter(after)
              .setNonce(ByteString.copyFrom(nonce))
              .build());
    }

    ReadAnswersRequest ask(AnswersAsked asked) {
      return ReadAnswersRequest.newBuilder()
          .setAsked(asked.toByteString())
          .setSignature(enclave.sign(AnswerChain.ASKED_LABEL, asked.toByteString()))
          .build();
    }

    RecordAnswerRequest give(AnswerOver... datasets) {
      return give(
          AnswerGiven.newBuilder()
              .setJobId(job.getJobId())
              .setParty(INSURER)
              .addAllDatasets(List.of(datasets))
              .build());
    }

    RecordAnswerRequest give(AnswerGiven given) {
      return RecordAnswerRequest.newBuilder()
          .setGiven(given.toByteString())
          .setSignature(enclave.sign(AnswerChain.GIVEN_LABEL, given.toByteString()))
          .build();
    }
  }

  @Test
  void whatOneJobRecordsTheNextOneReads() throws Exception {
    Answering first = answering();
    assertThat(head(first, ADMISSIONS))
        .returns(0L, AnswersHead::getCount)
        .returns(AnswerChain.START.value(), AnswersHead::getHeadSha256);
    RecordAnswerRequest give =
        first.give(
            over(ADMISSIONS, 1, AnswerChain.START, 1), over(CLAIMS, 1, AnswerChain.START, 2));
    RecordAnswerResponse recorded = broker.keys(INSURER).recordAnswer(give);
    assertThat(
            key()
                .verify(
                    AnswerChain.RECORDED_LABEL, recorded.getRecorded(), recorded.getSignature()))
        .isTrue();
    assertThat(AnswerRecorded.parseFrom(recorded.getRecorded()).getGivenSha256())
        .isEqualTo(Digest.of(give.getGiven()).value());

    broker.restart();
    Answering second = answering();
    ReadAnswersRequest ask = second.ask(ADMISSIONS, 0);
    ReadAnswersResponse read = broker.keys(INSURER).readAnswers(ask);
    assertThat(key().verify(AnswerChain.HEAD_LABEL, read.getHead(), read.getSignature())).isTrue();
    assertThat(AnswersHead.parseFrom(read.getHead()))
        .returns(Digest.of(ask.getAsked()).value(), AnswersHead::getAskedSha256)
        .returns(1L, AnswersHead::getCount)
        .returns(
            AnswerChain.next(AnswerChain.START, first.job().getJobId(), record(1)).value(),
            AnswersHead::getHeadSha256);
    assertThat(read.getRecordsList())
        .containsExactly(
            AnswerRecord.newBuilder()
                .setJobId(first.job().getJobId())
                .setRecord(record(1))
                .build());
    assertThat(broker.keys(INSURER).readAnswers(second.ask(ADMISSIONS, 1)).getRecordsList())
        .isEmpty();
    assertThat(broker.decisions(HOSPITAL))
        .filteredOn(decision -> decision.getAction().equals("answer"))
        .extracting(Decision::getDetail)
        .containsExactly("answer 1 over admissions (epoch 1)", "answer 1 over claims (epoch 1)");
  }

  @Test
  void aRecordStandsBehindAllOthersOrNowhere() throws Exception {
    Answering first = answering();
    give(first, over(ADMISSIONS, 1, AnswerChain.START, 1));
    Digest head = AnswerChain.next(AnswerChain.START, first.job().getJobId(), record(1));
    Answering second = answering();
    for (AnswerOver elsewhere :
        List.of(
            over(ADMISSIONS, 1, AnswerChain.START, 2),
            over(ADMISSIONS, 1, head, 2),
            over(ADMISSIONS, 2, AnswerChain.START, 2),
            over(ADMISSIONS, 3, head, 2),
            over(ADMISSIONS, 0, head, 2),
            over(ADMISSIONS, -1, head, 2))) {
      refused(Reason.ANSWERS_MOVED, () -> give(second, elsewhere));
    }
    // Over two datasets of which one has moved: over none.
    refused(
        Reason.ANSWERS_MOVED,
        () -> give(second, over(ADMISSIONS, 2, head, 2), over(CLAIMS, 2, AnswerChain.START, 2)));
    refused(
        Reason.ANSWERS_MOVED,
        () ->
            give(
                second,
                over(ADMISSIONS, 1, AnswerChain.START, 2),
                over(CLAIMS, 1, AnswerChain.START, 2)));
    assertThat(head(second, CLAIMS).getCount()).isZero();
    give(second, over(ADMISSIONS, 2, head, 2), over(CLAIMS, 1, AnswerChain.START, 2));
  }

  @Test
  void theSameAgainIsAnsweredAlikeAndAnotherOfTheSameJobIsRefused() {
    Answering job = answering();
    RecordAnswerRequest give = job.give(over(ADMISSIONS, 1, AnswerChain.START, 1));
    RecordAnswerResponse first = broker.keys(INSURER).recordAnswer(give);
    give(answering(), over(ADMISSIONS, 2, head(job), 5));
    assertThat(broker.keys(INSURER).recordAnswer(give)).isEqualTo(first);
    broker.restart();
    assertThat(broker.keys(INSURER).recordAnswer(give)).isEqualTo(first);
    refused(Reason.ANSWERS_MOVED, () -> give(job, over(ADMISSIONS, 1, AnswerChain.START, 3)));
    refused(Reason.ANSWERS_MOVED, () -> give(job, over(ADMISSIONS, 3, head(job), 1)));
    refused(
        Reason.ANSWERS_MOVED,
        () ->
            give(
                job,
                over(ADMISSIONS, 1, AnswerChain.START, 1),
                over(CLAIMS, 1, AnswerChain.START, 1)));
    assertThat(head(job, ADMISSIONS).getCount()).isEqualTo(2);
  }

  @Test
  void onlyTheEnclaveThatGotKeysForTheJobMayAsk() {
    Answering job = answering();
    Answering other = answering();
    AnswersAsked asked = parse(job.ask(ADMISSIONS, 0));
    AnswerGiven given =
        AnswerGiven.newBuilder()
            .setJobId(job.job().getJobId())
            .setParty(INSURER)
            .addDatasets(over(ADMISSIONS, 1, AnswerChain.START, 1))
            .build();
    refused(Reason.INVALID_SIGNATURE, () -> broker.keys(INSURER).readAnswers(other.ask(asked)));
    refused(Reason.INVALID_SIGNATURE, () -> broker.keys(INSURER).recordAnswer(other.give(given)));
    // Signed for something else.
    refused(
        Reason.INVALID_SIGNATURE,
        () ->
            broker
                .keys(INSURER)
                .recordAnswer(
                    job.give(given).toBuilder()
                        .setSignature(
                            job.enclave().sign(AnswerChain.ASKED_LABEL, given.toByteString()))
                        .build()));
    // Another party's host passes it on.
    refused(Reason.NOT_YOURS, () -> broker.keys(HOSPITAL).readAnswers(job.ask(ADMISSIONS, 0)));
    refused(Reason.NOT_YOURS, () -> broker.keys(HOSPITAL).recordAnswer(job.give(given)));
    refused(Reason.NOT_A_PARTY, () -> broker.keys(REGISTRY).readAnswers(job.ask(ADMISSIONS, 0)));
    refused(
        Reason.ROLE_MISSING,
        () -> broker.keys(INSURER, Role.OPERATOR).recordAnswer(job.give(given)));
    // An owner's enclave that does not compute gives no answers.
    FakeEnclave owners = broker.enclave(signed, job.job(), HOSPITAL);
    broker.keys(HOSPITAL).requestKeys(owners.request(broker.challenge(job.job(), HOSPITAL)));
    Answering owning = new Answering(job.job(), owners);
    refused(
        Reason.NOT_YOURS,
        () ->
            broker
                .keys(HOSPITAL)
                .readAnswers(owning.ask(asked.toBuilder().setParty(HOSPITAL).build())));
    // One that has no keys yet.
    CreateJobRequest keyless = broker.startJob(signed);
    Answering without = new Answering(keyless, broker.enclave(signed, keyless, INSURER));
    refused(
        Reason.INVALID_SIGNATURE,
        () -> broker.keys(INSURER).readAnswers(without.ask(ADMISSIONS, 0)));
    refused(Reason.NOT_YOURS, () -> broker.keys(INSURER).readAnswers(job.ask("unknown", 0)));
    refused(
        Reason.JOB_NOT_FOUND,
        () ->
            broker
                .keys(INSURER)
                .readAnswers(job.ask(asked.toBuilder().setJobId("0".repeat(32)).build())));
    assertThat(head(job, ADMISSIONS).getCount()).isZero();
  }

  @Test
  void whatIsNotWellFormedIsRefused() {
    Answering job = answering();
    AnswersAsked asked = parse(job.ask(ADMISSIONS, 0));
    for (AnswersAsked wrong :
        List.of(asked.toBuilder().clearNonce().build(), asked.toBuilder().setAfter(-1).build())) {
      refused(Reason.INVALID_REQUEST, () -> broker.keys(INSURER).readAnswers(job.ask(wrong)));
    }
    AnswerOver good = over(ADMISSIONS, 1, AnswerChain.START, 1);
    refused(Reason.INVALID_REQUEST, () -> give(job));
    refused(Reason.INVALID_REQUEST, () -> give(job, good, good));
    refused(Reason.INVALID_REQUEST, () -> give(job, over(CLAIMS, 1, AnswerChain.START, 1), good));
    refused(Reason.INVALID_REQUEST, () -> give(job, good.toBuilder().clearRecord().build()));
    refused(
        Reason.INVALID_REQUEST, () -> give(job, good.toBuilder().clearPreviousSha256().build()));
    refused(
        Reason.INVALID_REQUEST,
        () ->
            give(
                job,
                good.toBuilder()
                    .setRecord(ByteString.copyFrom(new byte[AnswerChain.MAX_PAGE_BYTES + 1]))
                    .build()));
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .keys(INSURER)
                .recordAnswer(
                    RecordAnswerRequest.newBuilder()
                        .setGiven(ByteString.copyFromUtf8("not a message"))
                        .build()));
  }

  @Test
  void untilItIsRecordedAnAnswerCanBeStopped() {
    Answering job = answering();
    var _ =
        KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
            .revokeKeys(
                RevokeKeysRequest.newBuilder()
                    .setAgreementSha256(signed.digest().value())
                    .setDataset(ADMISSIONS)
                    .build());
    refused(Reason.KEY_REVOKED, () -> give(job, over(ADMISSIONS, 1, AnswerChain.START, 1)));
    var _ =
        broker
            .agreements(HOSPITAL)
            .haltAgreement(
                HaltAgreementRequest.newBuilder()
                    .setAgreementSha256(signed.digest().value())
                    .build());
    refused(Reason.AGREEMENT_HALTED, () -> give(job, over(ADMISSIONS, 1, AnswerChain.START, 1)));
  }

  @Test
  void eachEpochHasALineOfItsOwn() {
    Answering before = answering();
    Answering late = answering();
    give(before, over(ADMISSIONS, 1, AnswerChain.START, 1), over(CLAIMS, 1, AnswerChain.START, 1));
    var _ =
        KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
            .rotateKey(
                RotateKeyRequest.newBuilder()
                    .setAgreementSha256(signed.digest().value())
                    .setDataset(ADMISSIONS)
                    .setNewestEpoch(1)
                    .build());
    Answering after = answering();
    assertThat(head(after, ADMISSIONS).getCount()).isZero();
    assertThat(head(after, CLAIMS).getCount()).isEqualTo(1);
    give(after, over(ADMISSIONS, 1, AnswerChain.START, 2));
    assertThat(head(late, ADMISSIONS).getHeadSha256()).isEqualTo(head(before).value());
  }

  @Test
  void ofManyAtOnceEachGetsItsPlace() throws Exception {
    List<Answering> jobs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      jobs.add(answering());
    }
    List<Callable<Integer>> calls = new ArrayList<>();
    for (Answering job : jobs) {
      calls.add(() -> {
        int tries = 1;
        while (true) {
          AnswersHead head = head(job, ADMISSIONS);
          try {
            give(
                job,
                over(ADMISSIONS, head.getCount() + 1, new Digest(head.getHeadSha256()), tries));
            return tries;
          } catch (StatusRuntimeException e) {
            refused(
                Reason.ANSWERS_MOVED,
                () -> {
                  throw e;
                });
            tries++;
          }
        }
      });
    }
    try (var pool = Executors.newFixedThreadPool(6)) {
      for (Future<Integer> done : pool.invokeAll(calls)) {
        assertThat(done.get()).isPositive();
      }
    }
    ReadAnswersResponse all = broker.keys(INSURER).readAnswers(jobs.getFirst().ask(ADMISSIONS, 0));
    Digest head = AnswerChain.START;
    for (AnswerRecord record : all.getRecordsList()) {
      head = AnswerChain.next(head, record.getJobId(), record.getRecord());
    }
    assertThat(AnswersHead.parseFrom(all.getHead()))
        .returns(12L, AnswersHead::getCount)
        .returns(head.value(), AnswersHead::getHeadSha256);
  }

  @Test
  void recordsComeInPagesAndThereIsAnEndToThem() throws Exception {
    ByteString large = ByteString.copyFrom(new byte[AnswerChain.MAX_PAGE_BYTES - 100]);
    Digest head = AnswerChain.START;
    int fit = (int) (AnswerChain.MAX_BYTES / large.size());
    for (int i = 1; i <= fit; i++) {
      Answering job = answering();
      give(job, over(ADMISSIONS, i, head, large));
      head = AnswerChain.next(head, job.job().getJobId(), large);
    }
    Digest last = head;
    Answering next = answering();
    assertThat(broker.keys(INSURER).readAnswers(next.ask(ADMISSIONS, 0)).getRecordsList())
        .hasSize(1);
    assertThat(broker.keys(INSURER).readAnswers(next.ask(ADMISSIONS, fit - 1)).getRecordsList())
        .hasSize(1);
    assertThat(refused(Reason.TOO_MANY, () -> give(next, over(ADMISSIONS, fit + 1, last, large))))
        .hasMessageContaining("agree on a new agreement");
    give(next, over(ADMISSIONS, fit + 1, last, 1));
  }

  @Test
  void aRecordThatIsTakenOutBehindItsBackStopsTheBroker() throws Exception {
    give(answering(), over(ADMISSIONS, 1, AnswerChain.START, 1));
    broker.close();
    Path database = broker.home().database();
    byte[] whole = Files.readAllBytes(database);
    for (String change : List.of("DELETE FROM answer", "UPDATE answer SET head = zeroblob(32)")) {
      Files.write(database, whole);
      try (Store store = TestLog.store(database)) {
        assertThatThrownBy(() -> store.write(write -> write.execute(change)))
            .hasStackTraceContaining("append-only");
        var _ =
            store.write(write -> {
              write.execute("DROP TRIGGER answer_is_not_updated");
              write.execute("DROP TRIGGER answer_is_not_deleted");
              return write.execute(change);
            });
      }
      assertThatThrownBy(() -> broker.restartUnwitnessed())
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("does not fit its log of decisions: answer");
    }
    Files.write(database, whole);
    broker.restart();
  }

  private static Optional<RecordAnswerResponse> answer(Node node, RecordAnswerRequest given) {
    try {
      return Optional.of(node.keys().recordAnswer(given));
    } catch (StatusRuntimeException e) {
      return Optional.empty();
    }
  }

  /** Whatever was acknowledged is there, whatever was not is there whole or not at all. */
  @ParameterizedTest
  @EnumSource(
      value = FaultPoint.class,
      names = {"APPENDED", "WORKED", "BEFORE_CHECKPOINT", "CHECKPOINTED", "COMMITTED", "ANSWERED"})
  void aBrokerThatDiesWhileItRecordsLosesNothing(FaultPoint point) throws Exception {
    Path home = folder.resolve("killed");
    Path armed = folder.resolve("armed");
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = TestBroker.create(home, time, "127.0.0.1:0");
    SignedAgreement agreed = consortium.sign(consortium.agreement("wards", 100), HOSPITAL, INSURER);
    RecordAnswerRequest given;
    Answering first;
    Answering second;
    try (BrokerProcess process =
            BrokerProcess.start(
                home, folder, HaltingBroker.class.getName(), point.name(), armed.toString());
        Node node = new Node(process.address(), consortium, time)) {
      node.propose(agreed);
      first = node.answering(agreed);
      second = node.answering(agreed);
      var _ = node.keys().recordAnswer(first.give(over(ADMISSIONS, 1, AnswerChain.START, 1)));
      given =
          second.give(over(ADMISSIONS, 2, headOf(first), 2), over(CLAIMS, 1, AnswerChain.START, 3));
      Files.createFile(armed);
      Optional<RecordAnswerResponse> answer = answer(node, given);
      // The answer may be out before the process is gone: then it must hold, as any other.
      assertThat(answer).matches(a -> a.isEmpty() || point == FaultPoint.ANSWERED);
      process.exitCode(java.time.Duration.ofSeconds(30));
    }
    boolean kept = point == FaultPoint.COMMITTED || point == FaultPoint.ANSWERED;
    try (BrokerProcess process = BrokerProcess.start(home, folder);
        Node node = new Node(process.address(), consortium, time)) {
      ReadAnswersResponse admissions = node.keys().readAnswers(second.ask(ADMISSIONS, 0));
      ReadAnswersResponse claims = node.keys().readAnswers(second.ask(CLAIMS, 0));
      assertThat(admissions.getRecordsList()).hasSize(kept ? 2 : 1);
      assertThat(claims.getRecordsList()).hasSize(kept ? 1 : 0);
      // The enclave asks again, as it does when the broker was away.
      RecordAnswerResponse recorded = node.keys().recordAnswer(given);
      assertThat(AnswerRecorded.parseFrom(recorded.getRecorded()).getGivenSha256())
          .isEqualTo(Digest.of(given.getGiven()).value());
      assertThat(node.keys().readAnswers(second.ask(ADMISSIONS, 0)).getRecordsList()).hasSize(2);
      assertThat(node.keys().readAnswers(second.ask(CLAIMS, 0)).getRecordsList()).hasSize(1);
    }
  }

  /** The insurer's node and operator, and the hospital's witness, at a broker in a process. */
  private static final class Node implements AutoCloseable {
    private final TestConsortium consortium;
    private final List<io.grpc.ManagedChannel> channels = new ArrayList<>();
    private final String address;
    private final MutableTime time;
    private final io.grpc.Channel node;

    Node(String address, TestConsortium consortium, MutableTime time) {
      this.address = address;
      this.consortium = consortium;
      this.time = time;
      node = open(INSURER, Role.NODE);
      for (io.grpc.Channel each : List.of(node, open(HOSPITAL, Role.NODE))) {
        var _ =
            LogServiceGrpc.newBlockingStub(each)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
      }
    }

    private io.grpc.Channel open(String party, Role role) {
      channels.add(TestBroker.open(address, consortium.certificate(party, role), consortium, time));
      return channels.getLast();
    }

    void propose(SignedAgreement agreed) {
      var _ =
          AgreementServiceGrpc.newBlockingStub(open(INSURER, Role.OPERATOR))
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .proposeAgreement(
                  ProposeAgreementRequest.newBuilder()
                      .setEnvelope(agreed.envelope().toProto())
                      .build());
    }

    Answering answering(SignedAgreement agreed) {
      CreateJobRequest job = TestBroker.job(agreed);
      var _ = keys().createJob(job);
      FakeEnclave enclave =
          FakeEnclave.right(
              agreed,
              INSURER,
              job.getJobId(),
              new Digest(job.getJobSha256()),
              consortium.party(INSURER).node().platformKey());
      ByteString nonce =
          keys()
              .createChallenge(
                  io.parley.proto.broker.v1.CreateChallengeRequest.newBuilder()
                      .setJobId(job.getJobId())
                      .setParty(INSURER)
                      .build())
              .getNonce();
      var _ = keys().requestKeys(enclave.request(nonce));
      return new Answering(job, enclave);
    }

    KeyServiceBlockingStub keys() {
      return KeyServiceGrpc.newBlockingStub(node).withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      channels.forEach(io.grpc.ManagedChannel::shutdownNow);
    }
  }

  private static AnswersAsked parse(ReadAnswersRequest request) {
    try {
      return AnswersAsked.parseFrom(request.getAsked());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static Digest headOf(Answering first) {
    return AnswerChain.next(AnswerChain.START, first.job().getJobId(), record(1));
  }

  /** Where the line of admissions ends, as this job is told. */
  private Digest head(Answering job) {
    return new Digest(head(job, ADMISSIONS).getHeadSha256());
  }

  private AnswersHead head(Answering job, String dataset) {
    try {
      return AnswersHead.parseFrom(broker.keys(INSURER).readAnswers(job.ask(dataset, 0)).getHead());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private Answering answering() {
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, job, INSURER);
    var _ = broker.keys(INSURER).requestKeys(enclave.request(broker.challenge(job, INSURER)));
    return new Answering(job, enclave);
  }

  private void give(Answering job, AnswerOver... datasets) {
    var _ = broker.keys(INSURER).recordAnswer(job.give(datasets));
  }

  private static ByteString record(int fill) {
    return ByteString.copyFrom(new byte[] {(byte) fill}).concat(ByteString.copyFrom(new byte[99]));
  }

  private static AnswerOver over(String dataset, long position, Digest previous, int fill) {
    return over(dataset, position, previous, record(fill));
  }

  private static AnswerOver over(
      String dataset, long position, Digest previous, ByteString record) {
    return AnswerOver.newBuilder()
        .setDataset(dataset)
        .setPosition(position)
        .setPreviousSha256(previous.value())
        .setRecord(record)
        .build();
  }

  private VerifyingKey key() {
    return broker.consortium().chain().current().broker().signingKey();
  }
}
