package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.config.KeysConfig;
import io.parley.broker.keys.SoftHsm;
import io.parley.broker.keys.TokenSettings;
import io.parley.evidence.Evidence;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.seal.Secret;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker whose KEKs are in an HSM: whatever happens to that, nothing is half done. */
class HsmBrokerTest {
  @TempDir Path folder;
  private SoftHsm hsm;
  private TokenSettings token;
  private TestBroker broker;

  @BeforeEach
  void start() throws Exception {
    hsm = SoftHsm.get();
    token = hsm.token(folder);
    broker = TestBroker.start(folder.resolve("broker"), yaml -> inToken(yaml, token));
  }

  @AfterEach
  void stop() {
    if (broker != null) {
      hsm.restart();
      broker.close();
    }
  }

  @Test
  void keysAreReleasedAlsoAfterARestart() throws Exception {
    SignedAgreement signed = broker.activate(3);
    CreateJobRequest job = broker.startJob(signed);
    Map<String, Secret> owners = granted(signed, job, HOSPITAL);
    broker.restart();
    hsm.restart();
    assertThat(granted(signed, job, INSURER)).containsAllEntriesOf(owners);
  }

  @Test
  void aTokenThatIsGoneInTheMiddleOfAGrantReleasesNothingAndGoesOnWhenItIsBack() throws Exception {
    SignedAgreement signed = broker.activate(3);
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, job, INSURER);
    ByteString nonce = broker.challenge(job, INSURER);
    hsm.unplug();
    refused(
        Reason.KEY_VAULT_FAILED, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
    assertThat(broker.decisions(INSURER)).noneMatch(it -> it.getAction().equals("grant"));
    hsm.restart();
    // The challenge was used up by asking; a new one does it, for this enclave or another.
    refused(
        Reason.CHALLENGE_UNKNOWN, () -> broker.keys(INSURER).requestKeys(enclave.request(nonce)));
    assertThat(granted(signed, job, INSURER)).containsKey("admissions");
    assertThat(broker.decisions(INSURER))
        .filteredOn(it -> it.getAction().equals("grant"))
        .hasSize(1);
  }

  @Test
  void aJobThatCannotHaveItsKeyIsNotCounted() {
    SignedAgreement signed = broker.activate(3);
    CreateJobRequest job = TestBroker.job(signed);
    hsm.unplug();
    refused(Reason.KEY_VAULT_FAILED, () -> broker.keys(INSURER).createJob(job));
    assertThat(get(signed).getJobsStarted()).isZero();
    hsm.restart();
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
    assertThat(get(signed).getJobsStarted()).isEqualTo(1);
  }

  @Test
  void anAgreementThatCannotHaveItsKekIsNotActive() {
    SignedAgreement signed =
        broker.consortium().sign(broker.consortium().agreement("wards", 3), HOSPITAL, INSURER);
    hsm.unplug();
    refused(Reason.KEY_VAULT_FAILED, () -> propose(signed));
    refused(Reason.AGREEMENT_NOT_FOUND, () -> get(signed));
    hsm.restart();
    propose(signed);
    assertThat(get(signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_ACTIVE);
  }

  @Test
  void aShreddingThatTheTokenInterruptsReleasesNothingAndIsFinishedLater() throws Exception {
    SignedAgreement signed = broker.activate(3);
    CreateJobRequest job = broker.startJob(signed);
    assertThat(
            broker
                .agreements(HOSPITAL)
                .haltAgreement(
                    HaltAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .hasAgreement())
        .isTrue();
    hsm.unplug();
    refused(Reason.KEY_VAULT_FAILED, () -> shred(signed));
    refused(Reason.KEYS_SHREDDED, () -> broker.challenge(job, INSURER));
    assertThat(get(signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_SHREDDED);
    hsm.restart();
    assertThat(shred(signed).getShreddedBy()).isEqualTo(HOSPITAL);
    broker.restart();
    assertThat(get(signed).getState()).isEqualTo(AgreementState.AGREEMENT_STATE_SHREDDED);
  }

  @Test
  void aBrokerWithAnotherVaultThanItsDatabaseDoesNotStart() throws Exception {
    SignedAgreement signed = broker.activate(3);
    broker.close();
    Path yaml = broker.home().config();
    String right = Files.readString(yaml);

    Files.writeString(
        yaml,
        right
            .replace("vault: pkcs11", "vault: file")
            .replaceAll("(?m)^  (library|token_label|pin_file):.*\n", ""));
    assertDoesNotStart("another vault than broker.yaml says");

    TokenSettings other = hsm.token(folder);
    Files.writeString(yaml, right.replace(token.label(), other.label()));
    assertDoesNotStart("no key 'parley-kek-" + signed.digest().hex());

    Files.writeString(yaml, right.replace(token.label(), "nobody's"));
    assertDoesNotStart("no token labelled 'nobody's'");

    Files.writeString(yaml, right);
    SoftHsm.writePin(token, "another PIN");
    assertDoesNotStart("does not take the PIN");

    SoftHsm.writePin(token, SoftHsm.PIN);
    broker.restart();
    assertThat(granted(signed, broker.startJob(signed), INSURER)).containsKey("claims");
  }

  @Test
  void keysMoveToAnHsmAndBack() throws Exception {
    broker.close();
    broker = TestBroker.start(folder.resolve("moved"));
    SignedAgreement signed = broker.activate(5);
    SignedAgreement other = broker.activate(broker.consortium().agreement("other", 5));
    CreateJobRequest job = broker.startJob(signed);
    Map<String, Secret> before = granted(signed, job, HOSPITAL);
    assertThatThrownBy(() -> rewrap(new KeysConfig.File())).hasMessageContaining("another broker");
    broker.close();

    Path yaml = broker.home().config();
    String inFile = Files.readString(yaml);
    Files.writeString(yaml, inToken(inFile, token));
    assertDoesNotStart("key-broker rewrap");
    assertThat(rewrap(new KeysConfig.File())).isEqualTo(2);
    assertThat(rewrap(new KeysConfig.File())).isZero();
    broker.restart();
    assertThat(granted(signed, job, INSURER)).containsAllEntriesOf(before);
    assertThat(granted(other, broker.startJob(other), INSURER)).containsKey("claims");
    broker.close();

    // The token is away: nothing has moved, and later all of it does.
    Files.writeString(yaml, inFile);
    hsm.unplug();
    assertThatThrownBy(() -> rewrap(new KeysConfig.Pkcs11(token)))
        .isInstanceOf(EnvironmentException.class);
    hsm.restart();
    assertDoesNotStart("another vault");
    assertThat(rewrap(new KeysConfig.Pkcs11(token))).isEqualTo(2);
    broker.restart();
    CreateJobRequest later = broker.startJob(signed);
    assertThat(granted(signed, later, HOSPITAL).get("admissions"))
        .isEqualTo(before.get("admissions"));
  }

  private void assertDoesNotStart(String why) {
    assertThatThrownBy(broker::restart)
        .isInstanceOfSatisfying(
            EnvironmentException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.KEY_VAULT_FAILED))
        .hasMessageContaining(why);
    hsm.restart();
  }

  private int rewrap(KeysConfig before) {
    return new BrokerWiring(broker.time(), broker.time()::nanoTime, new SecureRandom())
        .rewrap(broker.home().folder(), before);
  }

  private static String inToken(String yaml, TokenSettings token) {
    return yaml.replace(
        "  vault: file\n",
        """
          vault: pkcs11
          library: %s
          token_label: %s
          pin_file: %s
        """
            .formatted(token.library(), token.label(), token.pinFile()));
  }

  private Map<String, Secret> granted(SignedAgreement signed, CreateJobRequest job, String party)
      throws Exception {
    FakeEnclave enclave = broker.enclave(signed, job, party);
    Evidence evidence = enclave.evidence(broker.challenge(job, party));
    RequestKeysResponse response =
        broker
            .keys(party)
            .requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build());
    return enclave.open(evidence, response);
  }

  private void propose(SignedAgreement signed) {
    assertThat(
            broker
                .agreements(HOSPITAL)
                .proposeAgreement(
                    ProposeAgreementRequest.newBuilder()
                        .setEnvelope(signed.envelope().toProto())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private AgreementRecord shred(SignedAgreement signed) {
    return KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .shredKeys(
            ShredKeysRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  private AgreementRecord get(SignedAgreement signed) {
    return broker
        .agreements(HOSPITAL)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }
}
