package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobCountTest {
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

  @Test
  void countsUpToTheLimitAlsoAcrossRestarts() {
    SignedAgreement signed = broker.activate(2);
    assertThat(create(TestBroker.job(signed))).isEqualTo(1);
    broker.restart();
    assertThat(create(TestBroker.job(signed))).isEqualTo(2);
    refused(Reason.MAX_JOBS_REACHED, () -> create(TestBroker.job(signed)));
    broker.restart();
    refused(Reason.MAX_JOBS_REACHED, () -> create(TestBroker.job(signed)));
    assertThat(broker.decisions(HOSPITAL).getLast())
        .returns("refuse", Decision::getAction)
        .returns("MAX_JOBS_REACHED", Decision::getReason);
  }

  @Test
  void theSameRequestCountsOnceAlsoAfterARestartAndAHalt() {
    SignedAgreement signed = broker.activate(2);
    CreateJobRequest job = TestBroker.job(signed);
    assertThat(create(job)).isEqualTo(1);
    assertThat(create(job)).isEqualTo(1);
    broker.restart();
    broker
        .agreements(HOSPITAL)
        .haltAgreement(
            HaltAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build());
    assertThat(create(job)).isEqualTo(1);
  }

  @Test
  void aRequestIdIsForOneJob() {
    SignedAgreement signed = broker.activate(5);
    CreateJobRequest job = TestBroker.job(signed);
    create(job);
    ByteString otherDigest = Digest.of(new byte[] {42}).value();
    String otherId = TestBroker.job(signed).getJobId();
    refused(
        Reason.REQUEST_ID_REUSED, () -> create(job.toBuilder().setJobSha256(otherDigest).build()));
    refused(Reason.REQUEST_ID_REUSED, () -> create(job.toBuilder().setJobId(otherId).build()));
    // Another party's request ids are its own.
    CreateJobRequest hospitals =
        TestBroker.job(signed).toBuilder().setRequestId(job.getRequestId()).build();
    assertThat(broker.keys(HOSPITAL).createJob(hospitals).getJobsStarted()).isEqualTo(2);
  }

  @Test
  void aJobIdIsForOneJob() {
    SignedAgreement signed = broker.activate(5);
    CreateJobRequest job = TestBroker.job(signed);
    create(job);
    refused(Reason.ALREADY_EXISTS, () -> create(job.toBuilder().setRequestId("another").build()));
    refused(Reason.ALREADY_EXISTS, () -> broker.keys(HOSPITAL).createJob(job));
  }

  @Test
  void manyAtOnceNeverExceedTheLimit() throws Exception {
    SignedAgreement signed = broker.activate(7);
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      calls.add(() -> {
        try {
          create(TestBroker.job(signed));
          return true;
        } catch (io.grpc.StatusRuntimeException e) {
          return false;
        }
      });
    }
    int counted = 0;
    try (var pool = Executors.newFixedThreadPool(8)) {
      for (Future<Boolean> call : pool.invokeAll(calls)) {
        counted += call.get() ? 1 : 0;
      }
    }
    assertThat(counted).isEqualTo(7);
  }

  @Test
  void whoIsNotNamedStartsNothing() {
    SignedAgreement signed = broker.activate(2);
    refused(Reason.NOT_A_PARTY, () -> broker.keys(REGISTRY).createJob(TestBroker.job(signed)));
    assertThat(broker.decisions(HOSPITAL)).noneMatch(d -> d.getAction().equals("refuse"));
  }

  @ParameterizedTest
  @EnumSource(
      value = Role.class,
      names = {"ANALYST", "OPERATOR"})
  void onlyNodesStartJobs(Role role) {
    SignedAgreement signed = broker.activate(2);
    refused(
        Reason.ROLE_MISSING, () -> broker.keys(INSURER, role).createJob(TestBroker.job(signed)));
  }

  @Test
  void anUnknownAgreementIsRefused() {
    SignedAgreement unknown =
        broker.consortium().sign(broker.consortium().agreement("other", 1), HOSPITAL, INSURER);
    refused(Reason.AGREEMENT_NOT_FOUND, () -> create(TestBroker.job(unknown)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ABCDEF0123456789ABCDEF0123456789", "abc", "'; DROP TABLE job; --"})
  void aJobIdInAnotherFormIsRefused(String jobId) {
    SignedAgreement signed = broker.activate(2);
    refused(
        Reason.INVALID_REQUEST,
        () -> create(TestBroker.job(signed).toBuilder().setJobId(jobId).build()));
  }

  @Test
  void aRequestIdOutOfLimitsIsRefused() {
    SignedAgreement signed = broker.activate(2);
    for (String requestId : List.of("", "x".repeat(129))) {
      refused(
          Reason.INVALID_REQUEST,
          () -> create(TestBroker.job(signed).toBuilder().setRequestId(requestId).build()));
    }
  }

  private int create(CreateJobRequest job) {
    return broker.keys(INSURER).createJob(job).getJobsStarted();
  }
}
