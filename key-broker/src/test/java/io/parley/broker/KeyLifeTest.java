package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.Bytes;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.log.TestLog;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.evidence.Evidence;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.DatasetKey;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc.KeyAdminServiceBlockingStub;
import io.parley.proto.broker.v1.KeyState;
import io.parley.proto.broker.v1.ListKeysRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.RetireKeyRequest;
import io.parley.proto.broker.v1.RevokeKeysRequest;
import io.parley.proto.broker.v1.RotateKeyRequest;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.seal.Secret;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Epochs, and the ends that keys come to. */
class KeyLifeTest {
  private static final String ADMISSIONS = "admissions";

  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(50);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void newJobsGetTheNewestEpoch() throws Exception {
    CreateJobRequest before = broker.startJob(signed);
    Granted old = grant(before, INSURER);
    assertThat(old.epochs()).containsEntry(ADMISSIONS, 1);

    DatasetKey rotated = rotate(HOSPITAL, ADMISSIONS, 1);
    assertThat(rotated)
        .returns(2, DatasetKey::getEpoch)
        .returns(KeyState.KEY_STATE_CURRENT, DatasetKey::getState)
        .returns(2, DatasetKey::getFirstJob);
    broker.restart();
    Granted fresh = grant(broker.startJob(signed), INSURER);
    assertThat(fresh.epochs()).containsEntry(ADMISSIONS, 2).containsEntry("claims", 1);
    assertThat(fresh.keys().get(ADMISSIONS)).isNotEqualTo(old.keys().get(ADMISSIONS));
    assertThat(fresh.keys().get("claims")).isEqualTo(old.keys().get("claims"));
  }

  @Test
  void aRotationInTheMiddleOfAJobGivesItsEnclavesNoDifferentKeys() throws Exception {
    CreateJobRequest job = broker.startJob(signed);
    Granted owners = grant(job, HOSPITAL);
    rotate(HOSPITAL, ADMISSIONS, 1);
    Granted computing = grant(job, INSURER);
    rotate(HOSPITAL, ADMISSIONS, 2);
    broker.restart();
    Granted again = grant(job, HOSPITAL, owners.enclave());
    assertThat(computing.epochs()).containsEntry(ADMISSIONS, 1);
    assertThat(computing.keys().get(ADMISSIONS)).isEqualTo(owners.keys().get(ADMISSIONS));
    assertThat(again.keys()).isEqualTo(owners.keys());
  }

  @Test
  void whileKeysRotateTheEnclavesOfEachJobAgree() throws Exception {
    List<CreateJobRequest> jobs = new ArrayList<>();
    Callable<Boolean> rotations =
        () -> {
          for (int newest = 1; newest <= 10; newest++) {
            rotate(HOSPITAL, ADMISSIONS, newest);
          }
          return true;
        };
    Callable<Boolean> counting =
        () -> {
          for (int i = 0; i < 10; i++) {
            jobs.add(broker.startJob(signed));
            Granted one = grant(jobs.getLast(), HOSPITAL);
            Granted two = grant(jobs.getLast(), INSURER);
            assertThat(two.epochs().get(ADMISSIONS)).isEqualTo(one.epochs().get(ADMISSIONS));
            assertThat(two.keys()).containsAllEntriesOf(one.keys());
          }
          return true;
        };
    try (var pool = Executors.newFixedThreadPool(2)) {
      for (Future<Boolean> done : pool.invokeAll(List.of(rotations, counting))) {
        assertThat(done.get()).isTrue();
      }
    }
    assertThat(jobs).hasSize(10);
  }

  @Test
  void theSameRotationTwiceMakesOneEpoch() {
    rotate(HOSPITAL, ADMISSIONS, 1);
    assertThat(rotate(HOSPITAL, ADMISSIONS, 1).getEpoch()).isEqualTo(2);
    refused(Reason.INVALID_REQUEST, () -> rotate(HOSPITAL, ADMISSIONS, 3));
    refused(Reason.INVALID_REQUEST, () -> rotate(HOSPITAL, ADMISSIONS, 0));
    refused(Reason.INVALID_REQUEST, () -> rotate(HOSPITAL, ADMISSIONS, -1));
    assertThat(states(ADMISSIONS))
        .containsExactly(KeyState.KEY_STATE_PREVIOUS, KeyState.KEY_STATE_CURRENT);
  }

  @Test
  void anOldEpochIsGoodUntilItIsRetired() throws Exception {
    CreateJobRequest running = broker.startJob(signed);
    Granted owners = grant(running, HOSPITAL);
    rotate(HOSPITAL, ADMISSIONS, 1);
    CreateJobRequest fresh = broker.startJob(signed);
    assertThat(retire(HOSPITAL, ADMISSIONS, 1).getState()).isEqualTo(KeyState.KEY_STATE_RETIRED);

    var refusal = refused(Reason.KEY_RETIRED, () -> grant(running, INSURER));
    assertThat(refusal).hasMessageContaining("epoch 1").hasMessageContaining("retired");
    refused(Reason.KEY_RETIRED, () -> grant(running, HOSPITAL, owners.enclave()));
    broker.restart();
    refused(Reason.KEY_RETIRED, () -> grant(running, INSURER));
    assertThat(grant(fresh, INSURER).epochs()).containsEntry(ADMISSIONS, 2);
    assertThat(broker.decisions(HOSPITAL).reversed())
        .filteredOn(decision -> decision.getReason().equals("KEY_RETIRED"))
        .hasSize(3);
    // Retiring it again changes nothing, and no other end can be put in its place.
    assertThat(retire(HOSPITAL, ADMISSIONS, 1).getRetiredAt())
        .isEqualTo(keys().getFirst().getRetiredAt());
  }

  @Test
  void aJobWhoseEnclavesHaveTheirKeysFinishesAfterItsEpochWasRetired() throws Exception {
    CreateJobRequest running = broker.startJob(signed);
    grant(running, HOSPITAL);
    Granted computing = grant(running, INSURER);
    rotate(HOSPITAL, ADMISSIONS, 1);
    retire(HOSPITAL, ADMISSIONS, 1);
    assertThat(
            broker
                .keys(INSURER)
                .finishJob(
                    computing
                        .enclave()
                        .finish(
                            JobReport.newBuilder()
                                .setJobId(running.getJobId())
                                .setParty(INSURER)
                                .setJobSha256(running.getJobSha256())
                                .build()))
                .hasReceipt())
        .isTrue();
  }

  @Test
  void theNewestEpochAndOneThatNeverWasAreNotRetired() {
    refused(Reason.INVALID_REQUEST, () -> retire(HOSPITAL, ADMISSIONS, 1));
    refused(Reason.KEY_NOT_FOUND, () -> retire(HOSPITAL, ADMISSIONS, 2));
    refused(Reason.INVALID_REQUEST, () -> retire(HOSPITAL, ADMISSIONS, 0));
  }

  @Test
  void anOwnerDecidesAboutItsOwnDatasetsOnly() {
    refused(Reason.NOT_YOURS, () -> rotate(INSURER, ADMISSIONS, 1));
    refused(Reason.NOT_YOURS, () -> retire(INSURER, ADMISSIONS, 1));
    refused(Reason.NOT_YOURS, () -> revoke(INSURER, ADMISSIONS));
    refused(Reason.NOT_A_PARTY, () -> rotate(REGISTRY, ADMISSIONS, 1));
    refused(Reason.NOT_A_PARTY, () -> revoke(REGISTRY, ADMISSIONS));
    refused(Reason.NOT_A_PARTY, () -> shred(REGISTRY));
    refused(Reason.NOT_A_PARTY, () -> admin(REGISTRY, Role.OPERATOR).listKeys(listRequest()));
    refused(Reason.DATASET_NOT_FOUND, () -> rotate(HOSPITAL, "nothing", 1));
    broker.giveAway(HOSPITAL);
    refused(Reason.NOT_A_PARTY, () -> revoke(HOSPITAL, ADMISSIONS));
  }

  @ParameterizedTest
  @EnumSource(
      value = Role.class,
      names = {"NODE", "ANALYST"})
  void onlyOperatorsChangeKeys(Role role) {
    KeyAdminServiceBlockingStub admin = admin(HOSPITAL, role);
    refused(Reason.ROLE_MISSING, () -> admin.rotateKey(rotateRequest(ADMISSIONS, 1)));
    refused(Reason.ROLE_MISSING, () -> admin.retireKey(retireRequest(ADMISSIONS, 1)));
    refused(Reason.ROLE_MISSING, () -> admin.revokeKeys(revokeRequest(ADMISSIONS)));
    refused(Reason.ROLE_MISSING, () -> admin.shredKeys(shredRequest()));
    assertThat(admin.listKeys(listRequest()).getKeysList()).hasSize(2);
  }

  @Test
  void aRevokedDatasetIsReleasedNoMoreToAnyJob() throws Exception {
    CreateJobRequest running = broker.startJob(signed);
    Granted owners = grant(running, HOSPITAL);
    rotate(HOSPITAL, ADMISSIONS, 1);
    CreateJobRequest counted = broker.startJob(signed);
    assertThat(revoke(HOSPITAL, ADMISSIONS).getState()).isEqualTo(KeyState.KEY_STATE_REVOKED);

    refused(Reason.KEY_REVOKED, () -> grant(running, INSURER));
    refused(Reason.KEY_REVOKED, () -> grant(running, HOSPITAL, owners.enclave()));
    refused(Reason.KEY_REVOKED, () -> grant(counted, INSURER));
    refused(Reason.KEY_REVOKED, () -> broker.startJob(signed));
    broker.restart();
    refused(Reason.KEY_REVOKED, () -> grant(counted, INSURER));
    refused(Reason.KEY_REVOKED, () -> rotate(HOSPITAL, ADMISSIONS, 2));
    refused(Reason.KEY_REVOKED, () -> retire(HOSPITAL, ADMISSIONS, 1));
    AgreementRecord record = get();
    assertThat(record.getRefusedNow()).isEqualTo("KEY_REVOKED");
    assertThat(record.getJobsStarted()).isEqualTo(2);
    assertThat(revoke(HOSPITAL, ADMISSIONS).getState()).isEqualTo(KeyState.KEY_STATE_REVOKED);
    assertThat(broker.decisions(INSURER))
        .filteredOn(decision -> decision.getAction().equals("revoke"))
        .hasSize(1);
  }

  @Test
  void anotherAgreementsKeysDoNotTakePart() throws Exception {
    SignedAgreement other = broker.activate(broker.consortium().agreement("other", 5));
    revoke(HOSPITAL, ADMISSIONS);
    CreateJobRequest job = broker.startJob(other);
    FakeEnclave enclave = broker.enclave(other, job, INSURER);
    Evidence evidence = enclave.evidence(broker.challenge(job, INSURER));
    assertThat(enclave.open(evidence, request(INSURER, evidence))).containsKey(ADMISSIONS);
  }

  @Test
  void wrappedKeysOfAnotherEpochOrAgreementDoNotOpen() throws Exception {
    SignedAgreement other = broker.activate(broker.consortium().agreement("other", 5));
    rotate(HOSPITAL, ADMISSIONS, 1);
    CreateJobRequest job = broker.startJob(signed);
    broker.close();
    for (String swap :
        List.of(
            "SELECT wrapped FROM data_key WHERE agreement = :own AND name = 'admissions' AND epoch = 1",
            "SELECT wrapped FROM data_key WHERE agreement = :own AND name = 'claims'",
            "SELECT wrapped FROM data_key WHERE agreement = :other AND name = 'admissions'",
            // Another byte than the one that is there, which may be any.
            "SELECT substr(wrapped, 1, 20)"
                + " || CASE substr(wrapped, 21, 1) WHEN x'00' THEN x'01' ELSE x'00' END"
                + " || substr(wrapped, 22) FROM data_key"
                + " WHERE agreement = :own AND name = 'admissions' AND epoch = 2")) {
      byte[] kept;
      try (Store store = TestLog.store(broker.home().database())) {
        kept =
            store.write(write -> {
              byte[] mine =
                  write
                      .createQuery(
                          "SELECT wrapped FROM data_key WHERE agreement = :own AND name = 'admissions' AND epoch = 2")
                      .bind("own", Columns.of(signed.digest()))
                      .mapTo(byte[].class)
                      .one();
              write
                  .createUpdate(
                      "UPDATE data_key SET wrapped = CAST(("
                          + swap
                          + ") AS BLOB) WHERE agreement = :own AND name = 'admissions' AND epoch = 2")
                  .bind("own", Columns.of(signed.digest()))
                  .bind("other", Columns.of(other.digest()))
                  .execute();
              return mine;
            });
      }
      broker.restart();
      refused(Reason.STORE_FAILED, () -> grant(job, INSURER));
      broker.close();
      try (Store store = TestLog.store(broker.home().database())) {
        store.write(write ->
            write
                .createUpdate(
                    "UPDATE data_key SET wrapped = :kept WHERE agreement = :own AND name = 'admissions' AND epoch = 2")
                .bind("kept", kept)
                .bind("own", Columns.of(signed.digest()))
                .execute());
      }
    }
    broker.restart();
    assertThat(grant(job, INSURER).epochs()).containsEntry(ADMISSIONS, 2);
  }

  @Test
  void nothingIsShreddedThatIsNotHalted() {
    refused(Reason.AGREEMENT_NOT_HALTED, () -> shred(HOSPITAL));
    SignedAgreement proposed =
        broker.consortium().sign(broker.consortium().agreement("half", 3), HOSPITAL);
    broker
        .agreements(HOSPITAL)
        .proposeAgreement(
            io.parley.proto.broker.v1.ProposeAgreementRequest.newBuilder()
                .setEnvelope(proposed.envelope().toProto())
                .build());
    refused(
        Reason.AGREEMENT_NOT_ACTIVE,
        () ->
            admin(HOSPITAL, Role.OPERATOR)
                .shredKeys(
                    ShredKeysRequest.newBuilder()
                        .setAgreementSha256(proposed.digest().value())
                        .build()));
    broker.startJob(signed);
  }

  @Test
  void shreddedKeysAreGoneFromTheFilesAndStayGone() throws Exception {
    SignedAgreement other = broker.activate(broker.consortium().agreement("other", 5));
    CreateJobRequest job = broker.startJob(signed);
    grant(job, HOSPITAL);
    rotate(HOSPITAL, ADMISSIONS, 1);
    List<byte[]> secrets = wrappedBytes(signed);
    List<byte[]> others = wrappedBytes(other);
    // The KEK, two epochs, one more dataset, the job's key.
    assertThat(secrets).hasSize(5);
    assertThat(secrets).allSatisfy(secret -> assertThat(isInFiles(secret)).isTrue());

    halt(INSURER);
    AgreementRecord shredded = shred(INSURER);
    assertThat(shredded)
        .returns(AgreementState.AGREEMENT_STATE_SHREDDED, AgreementRecord::getState)
        .returns(INSURER, AgreementRecord::getShreddedBy)
        .returns("KEYS_SHREDDED", AgreementRecord::getRefusedNow);
    assertThat(secrets).allSatisfy(secret -> assertThat(isInFiles(secret)).isFalse());
    assertThat(others).allSatisfy(secret -> assertThat(isInFiles(secret)).isTrue());
    assertThat(keys()).allMatch(key -> key.getState() == KeyState.KEY_STATE_SHREDDED);

    broker.restart();
    assertThat(secrets).allSatisfy(secret -> assertThat(isInFiles(secret)).isFalse());
    for (String party : List.of(HOSPITAL, INSURER)) {
      refused(Reason.KEYS_SHREDDED, () -> resume(party));
      refused(Reason.KEYS_SHREDDED, () -> broker.challenge(job, party));
    }
    refused(Reason.KEYS_SHREDDED, () -> broker.startJob(signed));
    refused(Reason.KEYS_SHREDDED, () -> rotate(HOSPITAL, ADMISSIONS, 2));
    assertThat(shred(HOSPITAL).getShreddedBy()).isEqualTo(INSURER);
    broker.startJob(other);
    assertThat(broker.decisions(HOSPITAL))
        .filteredOn(decision -> decision.getAction().equals("shred"))
        .singleElement()
        .returns(INSURER, Decision::getParty);
  }

  @Test
  void aShreddingThatWasInterruptedIsFinishedAtTheNextStart() throws Exception {
    List<byte[]> secrets = wrappedBytes(signed);
    broker.close();
    // As far as the transaction goes; the process died before the file was purged.
    try (Store store = TestLog.store(broker.home().database())) {
      store.write(write -> {
        write.execute("PRAGMA secure_delete = OFF");
        return write
            .createUpdate("DELETE FROM data_key WHERE agreement = :own")
            .bind("own", Columns.of(signed.digest()))
            .execute();
      });
      store.write(write ->
          write
              .createUpdate(
                  "UPDATE agreement SET kek = x'', shredded_by = 'hospital', shredded_at = 1"
                      + " WHERE sha256 = :own")
              .bind("own", Columns.of(signed.digest()))
              .execute());
      assertThat(secrets).anySatisfy(secret -> assertThat(isInFiles(secret)).isTrue());
    }
    broker.restart();
    assertThat(secrets).allSatisfy(secret -> assertThat(isInFiles(secret)).isFalse());
  }

  @Test
  void theDatabaseItselfGivesNothingBack() throws Exception {
    rotate(HOSPITAL, ADMISSIONS, 1);
    retire(HOSPITAL, ADMISSIONS, 1);
    revoke(HOSPITAL, ADMISSIONS);
    halt(HOSPITAL);
    shred(HOSPITAL);
    broker.close();
    try (Store store = TestLog.store(broker.home().database())) {
      for (String change :
          List.of(
              "UPDATE dataset_epoch SET retired_at = NULL",
              "UPDATE dataset_epoch SET retired_at = 5",
              "UPDATE dataset_epoch SET first_job = 9",
              "DELETE FROM dataset_epoch",
              "DELETE FROM dataset_revocation",
              "UPDATE dataset_revocation SET dataset = 'claims'",
              "UPDATE agreement SET shredded_by = NULL",
              "UPDATE agreement SET kek = x'01'")) {
        assertThatThrownBy(() -> store.write(write -> write.execute(change)))
            .as(change)
            .isInstanceOf(io.parley.wire.EnvironmentException.class);
      }
    }
  }

  /** The enclave of a party, and what it was granted. */
  private record Granted(
      FakeEnclave enclave, Map<String, Secret> keys, Map<String, Integer> epochs) {}

  private Granted grant(CreateJobRequest job, String party) throws Exception {
    return grant(job, party, broker.enclave(signed, job, party));
  }

  private Granted grant(CreateJobRequest job, String party, FakeEnclave enclave) throws Exception {
    Evidence evidence = enclave.evidence(broker.challenge(job, party));
    RequestKeysResponse response = request(party, evidence);
    Map<String, Integer> epochs =
        Grant.parseFrom(response.getGrant()).getKeysList().stream()
            .filter(key -> !key.getJobChannels())
            .collect(Collectors.toMap(GrantedKey::getDataset, GrantedKey::getEpoch));
    return new Granted(enclave, enclave.open(evidence, response), epochs);
  }

  private RequestKeysResponse request(String party, Evidence evidence) {
    return broker
        .keys(party)
        .requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build());
  }

  private KeyAdminServiceBlockingStub admin(String party, Role role) {
    return KeyAdminServiceGrpc.newBlockingStub(broker.channel(party, role))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private DatasetKey rotate(String party, String dataset, int newest) {
    return admin(party, Role.OPERATOR).rotateKey(rotateRequest(dataset, newest)).getKey();
  }

  private DatasetKey retire(String party, String dataset, int epoch) {
    return admin(party, Role.OPERATOR).retireKey(retireRequest(dataset, epoch)).getKey();
  }

  private DatasetKey revoke(String party, String dataset) {
    return admin(party, Role.OPERATOR).revokeKeys(revokeRequest(dataset)).getKey();
  }

  private AgreementRecord shred(String party) {
    return admin(party, Role.OPERATOR).shredKeys(shredRequest()).getAgreement();
  }

  private List<DatasetKey> keys() {
    List<DatasetKey> all = new ArrayList<>();
    String token = "";
    do {
      var page =
          admin(INSURER, Role.ANALYST)
              .listKeys(listRequest().toBuilder().setPageSize(1).setPageToken(token).build());
      all.addAll(page.getKeysList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return all;
  }

  private List<KeyState> states(String dataset) {
    return keys().stream()
        .filter(key -> key.getDataset().equals(dataset))
        .map(DatasetKey::getState)
        .toList();
  }

  private RotateKeyRequest rotateRequest(String dataset, int newest) {
    return RotateKeyRequest.newBuilder()
        .setAgreementSha256(signed.digest().value())
        .setDataset(dataset)
        .setNewestEpoch(newest)
        .build();
  }

  private RetireKeyRequest retireRequest(String dataset, int epoch) {
    return RetireKeyRequest.newBuilder()
        .setAgreementSha256(signed.digest().value())
        .setDataset(dataset)
        .setEpoch(epoch)
        .build();
  }

  private RevokeKeysRequest revokeRequest(String dataset) {
    return RevokeKeysRequest.newBuilder()
        .setAgreementSha256(signed.digest().value())
        .setDataset(dataset)
        .build();
  }

  private ShredKeysRequest shredRequest() {
    return ShredKeysRequest.newBuilder().setAgreementSha256(signed.digest().value()).build();
  }

  private ListKeysRequest listRequest() {
    return ListKeysRequest.newBuilder().setAgreementSha256(signed.digest().value()).build();
  }

  private void halt(String party) {
    assertThat(
            broker
                .agreements(party)
                .haltAgreement(
                    HaltAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private void resume(String party) {
    assertThat(
            broker
                .agreements(party)
                .resumeAgreement(
                    ResumeAgreementRequest.newBuilder()
                        .setAgreementSha256(signed.digest().value())
                        .build())
                .hasAgreement())
        .isTrue();
  }

  private AgreementRecord get() {
    return broker
        .agreements(HOSPITAL)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  /** The KEK and all wrapped keys of an agreement, as the database has them. */
  private List<byte[]> wrappedBytes(SignedAgreement agreement) {
    try (Store store = TestLog.store(broker.home().database())) {
      return store.read(read ->
          Stream.concat(
                  read
                      .createQuery("SELECT kek FROM agreement WHERE sha256 = :own")
                      .bind("own", Columns.of(agreement.digest()))
                      .mapTo(byte[].class)
                      .list()
                      .stream(),
                  read
                      .createQuery("SELECT wrapped FROM data_key WHERE agreement = :own")
                      .bind("own", Columns.of(agreement.digest()))
                      .mapTo(byte[].class)
                      .list()
                      .stream())
              .toList());
    }
  }

  private boolean isInFiles(byte[] secret) throws IOException {
    try (Stream<Path> files = Files.list(broker.home().folder())) {
      for (Path file :
          files.filter(file -> file.getFileName().toString().startsWith("broker.db")).toList()) {
        if (Bytes.indexOf(Files.readAllBytes(file), secret) >= 0) {
          return true;
        }
      }
    }
    return false;
  }
}
