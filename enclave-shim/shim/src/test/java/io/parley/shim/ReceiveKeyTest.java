package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.seal.Bindings;
import io.parley.seal.Hpke;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.SealedKey;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An enclave receives with the suite that the parties signed, and with no other. */
@Timeout(60)
class ReceiveKeyTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everyEnclaveOfAJobReceivesWithTheAgreementsSuite(HpkeSuite suite) throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, suite).start()) {
      assertThat(job.ended("hospital")).isTrue();
      assertThat(job.ended("insurer")).isTrue();

      assertThat(job.broker.judged.values())
          .hasSize(2)
          .allMatch(claims -> claims.receiveKey().suite() == suite);
      // The recipients' own keys are of both suites, whatever the enclaves receive with.
      assertThat(SealedResults.open(job, "summary", "hospital")).startsWith("dataset,rows\n");
      assertThat(SealedResults.open(job, "summary", "insurer")).startsWith("dataset,rows\n");
    }
  }

  @Test
  void aKeySealedWithTheWeakerSuiteIsRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, HpkeSuite.XWING);
        HpkeKeyPair other = HpkeKeyPair.generate(HpkeSuite.X25519, job.world.random)) {
      job.broker.bendGrant = grant -> grant.setKeys(0, sealedTo(other, job, grant));
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
      assertThat(failure).hasMessageContaining("suite X25519; expected XWING");
      assertThat(job.host("insurer").results).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aGrantThatOnlyNamesTheOtherSuiteIsRefused(HpkeSuite suite) throws Exception {
    HpkeSuite other = suite == HpkeSuite.XWING ? HpkeSuite.X25519 : HpkeSuite.XWING;
    try (TestJob job = TestJob.ofTwo(folder, suite)) {
      job.broker.bendGrant =
          grant -> {
            grant.getKeysBuilder(0).getKeyBuilder().setSuite(other.toMessage());
            return grant;
          };
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.GRANT_WRONG);
      assertThat(failure.metadata()).containsEntry("suite", other.name());
    }
  }

  @Test
  void aHostCannotSetTheSuiteInAnAgreement() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, HpkeSuite.XWING)) {
      job.world.hpke = HpkeSuite.X25519;
      SignedAgreement weaker = job.world.hospitalAndInsurer(job.signed.agreement().app(), 10);
      SignedAgreement forged = new SignedAgreement(weaker.payload(), job.signed.signatures());
      job.startShim("insurer");
      job.host("insurer").start(forged.toEnvelope(), job.spec.encode());

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_SIGNATURE);
      assertThat(job.broker.challenges.get()).isZero();
    }
  }

  @Test
  void aHostCannotRunAJobUnderAWeakerAgreementOfTheSameParties() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, HpkeSuite.XWING)) {
      job.world.hpke = HpkeSuite.X25519;
      SignedAgreement weaker = job.world.hospitalAndInsurer(job.signed.agreement().app(), 10);
      job.startShim("insurer");
      job.host("insurer").start(weaker.toEnvelope(), job.spec.encode());

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.INVALID_REQUEST);
      assertThat(job.broker.challenges.get()).isZero();
    }
  }

  /** The first key of the grant, as a broker seals it that was handed another receive key. */
  private static GrantedKey sealedTo(HpkeKeyPair other, TestJob job, Grant.Builder grant) {
    GrantedKey first = grant.getKeys(0);
    Claims claims = TestWorld.value(job.broker.judged, grant.getParty());
    Bindings.Grant bindings =
        new Bindings.Grant(
            claims.agreement(),
            claims.job(),
            new Digest(grant.getEvidenceSha256()),
            claims.party(),
            other.publicKey());
    try (Secret key = Secret.random(SealedKey.KEY_SIZE_BYTES, job.world.random)) {
      return first.toBuilder()
          .setKey(
              Hpke.seal(
                      claims.party(),
                      other.publicKey(),
                      bindings.dataset(first.getDataset(), first.getEpoch()),
                      key)
                  .toMessage())
          .build();
    }
  }
}
