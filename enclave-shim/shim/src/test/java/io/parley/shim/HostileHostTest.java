package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.SigningKey;
import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Reply;
import io.parley.seal.Secret;
import io.parley.shim.arrow.TestTables;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host that lies, and a broker that is not the one that was agreed on. */
@Timeout(60)
class HostileHostTest {
  @TempDir Path folder;

  private ParleyException failureOf(Consumer<TestJob> bend) throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      bend.accept(job);
      job.start();
      ParleyException failure = job.host("insurer").failure();
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
      assertThat(job.host("insurer").results).isEmpty();
      return failure;
    }
  }

  @Test
  void aBrokerWithAnotherKeyIsRefused() throws Exception {
    ParleyException failure =
        failureOf(job -> job.broker.key = SigningKey.generate(job.world.random));

    assertThat(failure.reason()).isEqualTo(Reason.BROKER_KEY_WRONG);
    assertThat(failure.metadata()).containsKeys("expected", "seen");
  }

  @Test
  void aSignatureByAnotherKeyUnderTheRightNameIsRefused() throws Exception {
    ParleyException failure =
        failureOf(job -> {
          SigningKey other = SigningKey.generate(job.world.random);
          job.broker.bendResponse =
              response -> response.setSignature(other.sign("parley/v1/grant", response.getGrant()));
        });

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
    assertThat(failure.metadata()).containsEntry("field", "signature");
  }

  @Test
  void aSignatureForAnotherPurposeIsRefused() throws Exception {
    ParleyException failure =
        failureOf(job ->
            job.broker.bendResponse =
                response ->
                    response.setSignature(
                        job.world.broker.sign("parley/v1/job-report", response.getGrant())));

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
  }

  @Test
  void aGrantChangedAfterSigningIsRefused() throws Exception {
    ParleyException failure =
        failureOf(job ->
            job.broker.bendResponse =
                response -> {
                  byte[] grant = response.getGrant().toByteArray();
                  grant[grant.length - 1] ^= 1;
                  return response.setGrant(ByteString.copyFrom(grant));
                });

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
  }

  @Test
  void everyFieldOfAGrantMustBeOurs() throws Exception {
    ByteString other = ByteString.copyFrom(new byte[32]);
    Map<String, Consumer<Grant.Builder>> bends =
        Map.of(
            "job_id", grant -> grant.setJobId("0".repeat(32)),
            "party", grant -> grant.setParty("hospital"),
            "agreement", grant -> grant.setAgreementSha256(other),
            "job", grant -> grant.setJobSha256(other),
            "evidence", grant -> grant.setEvidenceSha256(other));
    for (Map.Entry<String, Consumer<Grant.Builder>> bend : bends.entrySet()) {
      try (TestJob job = TestJob.ofTwo(folder.resolve(bend.getKey()), 10)) {
        job.broker.bendGrant =
            grant -> {
              bend.getValue().accept(grant);
              return grant;
            };
        job.start();

        ParleyException failure = job.host("insurer").failure();
        assertThat(failure.reason()).as(bend.getKey()).isEqualTo(Reason.GRANT_WRONG);
        assertThat(failure.metadata()).containsEntry("field", bend.getKey());
      }
    }
  }

  @Test
  void aMissingKeyIsNoticed() throws Exception {
    ParleyException failure = failureOf(job -> job.broker.bendGrant = grant -> grant.removeKeys(0));

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
    assertThat(failure).hasMessageContaining("[admissions, claims]");
  }

  @Test
  void aMissingJobKeyIsNoticed() throws Exception {
    ParleyException failure =
        failureOf(
            job -> job.broker.bendGrant = grant -> grant.removeKeys(grant.getKeysCount() - 1));

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
    assertThat(failure).hasMessageContaining("job key");
  }

  @Test
  void aKeyTwiceIsNoticed() throws Exception {
    ParleyException failure =
        failureOf(job -> job.broker.bendGrant = grant -> grant.addKeys(grant.getKeys(0)));

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
    assertThat(failure).hasMessageContaining("two for");
  }

  @Test
  void keysUnderEachOthersNameDoNotOpen() throws Exception {
    ParleyException failure =
        failureOf(job ->
            job.broker.bendGrant =
                grant -> {
                  if (grant.getKeysCount() > 2) {
                    grant.getKeysBuilder(0).setDataset("claims");
                    grant.getKeysBuilder(1).setDataset("admissions");
                  }
                  return grant;
                });

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
  }

  @Test
  void aKeyOfAnotherEpochDoesNotOpen() throws Exception {
    ParleyException failure =
        failureOf(job ->
            job.broker.bendGrant =
                grant -> {
                  grant.getKeysBuilder(0).setEpoch(2);
                  return grant;
                });

    assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
  }

  @Test
  void anAnswerKeptFromAnEarlierRequestIsRefused() throws Exception {
    // Another job under the same agreement, everything genuine, its grant handed to this one.
    try (TestJob earlier = TestJob.ofTwo(folder.resolve("earlier"), 10)) {
      var kept = new java.util.concurrent.atomic.AtomicReference<Grant>();
      earlier.broker.bendGrant =
          grant -> {
            if (grant.getParty().equals("insurer")) {
              kept.set(grant.build());
            }
            return grant;
          };
      earlier.start();
      assertThat(earlier.ended("insurer")).isTrue();

      ParleyException failure =
          failureOf(job -> job.broker.bendGrant = grant -> kept.get().toBuilder());
      assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
    }
  }

  @Test
  void aBrokerThatIsBackInTimeIsAskedAgain() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.broker.timesAway = 3;
      job.start();

      assertThat(job.ended("insurer")).isTrue();
    }
  }

  @Test
  void aBrokerThatForgotItsChallengeIsAskedAgain() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.broker.timesForgetful = 2;
      job.start();

      assertThat(job.ended("insurer")).isTrue();
      assertThat(job.broker.challenges.get()).isGreaterThan(2);
    }
  }

  @Test
  void aBrokerThatStaysAwayEndsTheJob() throws Exception {
    ParleyException failure = failureOf(job -> job.broker.timesAway = 1000);

    assertThat(failure.reason()).isEqualTo(Reason.BROKER_UNAVAILABLE);
  }

  @Test
  void aReceiptOfAnotherKeyOrContentIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.broker.bendReceipt =
          receipt -> {
            receipt.getOutputsBuilder(0).setRows(1);
            return receipt;
          };
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.RECEIPT_WRONG);
      assertThat(failure.metadata()).containsEntry("field", "outputs");
    }
  }

  @Test
  void anAgreementWithoutAllSignaturesIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      SignedAgreement one =
          new SignedAgreement(job.signed.payload(), job.signed.signatures().subList(0, 1));
      job.startShim("insurer");
      job.host("insurer").start(one.toEnvelope(), job.spec.encode());

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.INVALID_SIGNATURE);
      assertThat(job.broker.challenges.get()).isZero();
    }
  }

  @Test
  void anAgreementSignedByAnotherIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      DsseSignature forged = job.signed.sign("insurer", SigningKey.generate(job.world.random));
      SignedAgreement bad =
          new SignedAgreement(
              job.signed.payload(), List.of(job.signed.signatures().getFirst(), forged));
      job.startShim("insurer");
      job.host("insurer").start(bad.toEnvelope(), job.spec.encode());

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_SIGNATURE);
    }
  }

  @Test
  void aJobWithAnotherParameterIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      JobSpec bad =
          new JobSpec(
              job.spec.jobId(),
              job.spec.agreement(),
              job.spec.submitter(),
              job.spec.created(),
              Map.of("since", "2026-01-01", "query", "SELECT *"));
      job.startShim("insurer");
      job.host("insurer").start(job.signed.toEnvelope(), bad.encode());

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_PARAMETER);
    }
  }

  @Test
  void aJobOfAnotherAgreementIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      JobSpec bad = job.world.spec(job.world.hospitalAndInsurer(job.world.shim, 3));
      job.startShim("insurer");
      job.host("insurer").start(job.signed.toEnvelope(), bad.encode());

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_REQUEST);
    }
  }

  @Test
  void aDatasetWithAnotherSchemaIsRefusedAndTheOthersLearnWhy() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("hospital").give("admissions", TestJob.claims(5));
      job.host("insurer").give("claims", TestJob.claims(5));

      ParleyException failure = job.host("hospital").failure();
      assertThat(failure.reason()).isEqualTo(Reason.INVALID_DATASET);
      assertThat(failure).hasMessageContaining("column 'ward'");
    }
  }

  @Test
  void aDatasetThatIsNotOursIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.host("insurer").give("admissions", TestJob.admissions(5));
      job.host("insurer").start();
      job.startShim("insurer");

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
      assertThat(failure).hasMessageContaining("admissions");
    }
  }

  @Test
  void aDatasetThatComesTwiceEndsTheJob() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.host("insurer").start();
      job.host("insurer").give("claims", TestJob.claims(5));
      job.host("insurer").give("claims", TestJob.claims(6));
      job.startShim("insurer");

      assertThat(job.ended("insurer")).isFalse();
    }
  }

  @Test
  void aChannelThatNobodyExpectsEndsTheJob() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("insurer");
      job.host("insurer").start();
      List<Descriptor> pair = Sockets.pair();
      job.host("insurer").ready("mallory", "dataset/admissions", false, pair.get(0));

      assertThat(job.ended("insurer")).isFalse();
    }
  }

  @Test
  void aReplyThatNobodyAskedForEndsTheJob() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("insurer");
      job.host("insurer").send(HostFrame.newBuilder().setReply(Reply.newBuilder().setId(99)));

      assertThat(job.ended("insurer")).isFalse();
    }
  }

  @Test
  void aSaltThatIsTooShortIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("hospital").give("admissions", TestJob.admissions(5), ByteString.EMPTY);

      assertThat(job.host("hospital").failure().reason()).isEqualTo(Reason.INVALID_DATASET);
    }
  }

  /** Jobs under one agreement with one salt, so that what one job gave can serve the next. */
  @Test
  void whateverComesBackOfACertificateTheReceiptNamesTheSameInputs() throws Exception {
    TestWorld world = new TestWorld("hospital", "insurer");
    SignedAgreement signed = world.hospitalAndInsurer(TestJob.appDigest(folder), 10);
    ByteString salt = world.salt();
    List<ByteString> kept = new ArrayList<>();
    List<Object> inputs = new ArrayList<>();
    Map<String, Secret> dataKeys = new HashMap<>();
    for (String back : List.of("nothing", "the first", "a flipped one", "the other dataset's")) {
      try (TestJob job = TestJob.of(world, signed, folder.resolve(back))) {
        dataKeys.putAll(dataKeys.isEmpty() ? job.broker.dataKeys : dataKeys);
        job.broker.dataKeys.putAll(dataKeys);
        for (String party : List.of("hospital", "insurer")) {
          job.startShim(party);
          job.host(party).start();
        }
        switch (back) {
          case "nothing" -> {}
          case "the first" -> back(job, kept.get(0), kept.get(1));
          case "a flipped one" ->
              back(job, kept.get(0).substring(1).concat(kept.get(0).substring(0, 1)), kept.get(1));
          default -> back(job, kept.get(1), kept.get(0));
        }
        job.host("hospital").give("admissions", TestJob.admissions(1000), salt);
        job.host("insurer").give("claims", TestJob.claims(500), salt);

        inputs.add(job.receipt("insurer").getInputsList());
        assertThat(job.ended("hospital")).isTrue();
        if (kept.isEmpty()) {
          kept.add(TestWorld.value(job.host("hospital").certificates, "admissions"));
          kept.add(TestWorld.value(job.host("insurer").certificates, "claims"));
        }
        assertThat(job.host("hospital").given).as(back).hasSize(back.equals("the first") ? 0 : 1);
        assertThat(job.host("insurer").given)
            .as(back)
            .hasSize(back.equals("nothing") || back.startsWith("the other") ? 1 : 0);
      }
    }
    assertThat(inputs).hasSize(4).allMatch(inputs.getFirst()::equals);
  }

  private static void back(TestJob job, ByteString admissions, ByteString claims) {
    job.host("hospital").certificates.put("admissions", admissions);
    job.host("insurer").certificates.put("claims", claims);
  }

  @Test
  void stopEndsTheJobMidWay() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("insurer");
      job.host("insurer").start();
      Thread.sleep(200);
      job.host("insurer").stop("a person asked for it");

      assertThat(job.ended("insurer")).isFalse();
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
    }
  }

  @Test
  void aHostThatIsGoneEndsTheJob() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("insurer");
      job.host("insurer").start();
      Thread.sleep(200);
      job.host("insurer").close();

      assertThat(job.ended("insurer")).isFalse();
    }
  }

  @Test
  void rowsOfOthersAreNeverInWhatTheHostSees() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10).start()) {
      assertThat(job.ended("insurer")).isTrue();

      assertThat(TestTables.rowsOfFile(TestJob.admissions(10))).isNotEmpty();
      String sealed =
          new String(
              job.host("insurer").result("summary"), java.nio.charset.StandardCharsets.ISO_8859_1);
      assertThat(sealed).doesNotContain("admissions.arrow");
    }
  }
}
