package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.GateWorld.Asked;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateFindings;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateTask;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.VerificationSet;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AddVerificationSetRequest;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.ListVerificationSetsRequest;
import io.parley.proto.broker.v1.RemoveVerificationSetRequest;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.seal.SealedBytes;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GateTest {
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
  void noKeyBeforeTheGateAndAllAfterIt() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    StoredVerificationSet added = world.add(HOSPITAL, "small");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);

    Asked first = world.ask(enclave, job, INSURER);
    assertThat(first.response().getGrant()).isEmpty();
    assertThat(first.order().set().value()).isEqualTo(added.getSetSha256());
    GateTask task = world.open(enclave, job, first);
    VerificationSet set = task.set().open(world.signed, HOSPITAL);
    assertThat(set.name()).isEqualTo("small");

    FakeEnclave passed = enclave.through(world.outcome(job, task, GateVerdict.PASSED));
    Asked second = world.ask(passed, job, INSURER);
    assertThat(second.response().getGateOrder()).isEmpty();
    Map<String, Secret> keys = passed.open(second.evidence(), second.response());
    assertThat(keys).containsOnlyKeys("", "admissions", "claims");

    // An answer may get lost on its way.
    Asked again = world.ask(passed, job, INSURER);
    assertThat(passed.open(again.evidence(), again.response())).isEqualTo(keys);
    assertThat(world.list(HOSPITAL).getFirst().getPassed()).isEqualTo(1);

    List<Decision> log = broker.decisions(HOSPITAL);
    assertThat(log).extracting(Decision::getAction).contains("gate", "grant");
    assertThat(log)
        .extracting(Decision::getDetail)
        .contains(
            "a verification set of hospital was drawn",
            "the verification gate of hospital was passed");
  }

  @Test
  void anEnclaveThatDoesNotComputeHasNoGate() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL, INSURER);
    world.add(HOSPITAL, "a");
    world.add(INSURER, "b");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave owner = broker.enclave(world.signed, job, HOSPITAL);
    Asked asked = world.ask(owner, job, HOSPITAL);
    assertThat(owner.open(asked.evidence(), asked.response())).containsOnlyKeys("", "admissions");
  }

  @Test
  void everyOwnersGateComesOneAfterTheOther() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL, INSURER);
    world.add(HOSPITAL, "a");
    world.add(INSURER, "b");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    Asked one = world.ask(enclave, job, INSURER);
    assertThat(one.order().gate().owner()).isEqualTo(HOSPITAL);
    GateOutcome first = world.outcome(job, world.open(enclave, job, one), GateVerdict.PASSED);
    Asked two = world.ask(enclave.through(first), job, INSURER);
    assertThat(two.order().gate().owner()).isEqualTo(INSURER);
    GateOutcome second = world.outcome(job, world.open(enclave, job, two), GateVerdict.PASSED);
    FakeEnclave passed = enclave.through(first, second);
    Asked three = world.ask(passed, job, INSURER);
    assertThat(passed.open(three.evidence(), three.response())).hasSize(3);
    // The second alone is not enough.
    CreateJobRequest next = broker.startJob(world.signed);
    FakeEnclave other = broker.enclave(world.signed, next, INSURER);
    assertThat(world.ask(other, next, INSURER).order().gate().owner()).isEqualTo(HOSPITAL);
    refused(Reason.EVIDENCE_GATE_WRONG, () -> world.ask(other.through(second), next, INSURER));
  }

  @Test
  void theSameJobDrawsTheSameSetAndJobsDrawAtRandom() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    for (int i = 0; i < 3; i++) {
      world.add(HOSPITAL, "set-" + i);
    }
    Set<Digest> drawn = new HashSet<>();
    for (int i = 0; i < 25; i++) {
      CreateJobRequest job = broker.startJob(world.signed);
      FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
      Digest first = world.ask(enclave, job, INSURER).order().set();
      assertThat(world.ask(enclave, job, INSURER).order().set()).isEqualTo(first);
      drawn.add(first);
    }
    assertThat(drawn).hasSize(3);
  }

  @Test
  void aRestartBetweenDrawAndOutcomeChangesNothing() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "a");
    world.add(HOSPITAL, "b");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    Asked asked = world.ask(enclave, job, INSURER);
    GateTask task = world.open(enclave, job, asked);
    broker.restart();
    Asked again = world.ask(enclave, job, INSURER);
    assertThat(world.open(enclave, job, again)).isEqualTo(task);
    FakeEnclave passed = enclave.through(world.outcome(job, task, GateVerdict.PASSED));
    broker.restart();
    Asked granted = world.ask(passed, job, INSURER);
    assertThat(passed.open(granted.evidence(), granted.response())).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource(value = GateVerdict.class, mode = EnumSource.Mode.EXCLUDE, names = "PASSED")
  void aGateThatWasFailedStaysFailedAndItsOwnerSeesWhy(GateVerdict verdict) throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "small");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    GateTask task = world.open(enclave, job, world.ask(enclave, job, INSURER));
    GateFindings findings =
        new GateFindings(
            List.of(new Finding("result summary, row 1, column n", "17.25", "18")),
            Duration.ofMillis(70),
            12345,
            2);
    FakeEnclave failed = enclave.through(world.outcome(job, task, verdict, findings));
    ParleyException why = refused(Reason.GATE_FAILED, () -> world.ask(failed, job, INSURER));
    assertThat(why.getMessage()).contains("hospital").doesNotContain("17.25");
    assertThat(why.metadata().toString()).doesNotContain("17.25");

    FakeEnclave better = enclave.through(world.outcome(job, task, GateVerdict.PASSED));
    refused(Reason.GATE_FAILED, () -> world.ask(better, job, INSURER));
    refused(Reason.GATE_FAILED, () -> world.ask(enclave, job, INSURER));
    broker.restart();
    refused(Reason.GATE_FAILED, () -> world.ask(better, job, INSURER));

    List<ComparedClaim> seen = comparison(HOSPITAL);
    assertThat(seen)
        .extracting(ComparedClaim::getClaim)
        .contains("gate", "gate result summary, row 1, column n", "gate run");
    assertThat(seen).extracting(ComparedClaim::getExpected).contains("17.25");
    assertThat(seen.toString()).contains("small", "12345 bytes", verdict.text());
    assertThat(comparison(INSURER)).isEmpty();
    assertThat(broker.decisions(INSURER).toString())
        .doesNotContain("17.25")
        .doesNotContain("small");
    assertThat(world.list(HOSPITAL).getFirst().getFailed()).isEqualTo(1);
  }

  private List<ComparedClaim> comparison(String party) {
    return broker.decisions(party).stream()
        .filter(decision -> decision.getReason().equals("GATE_FAILED"))
        .findFirst()
        .orElseThrow()
        .getComparison()
        .getClaimsList();
  }

  @Test
  void anOutcomeWithoutARunIsRefused() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "small");
    CreateJobRequest earlier = broker.startJob(world.signed);
    FakeEnclave before = broker.enclave(world.signed, earlier, INSURER);
    GateTask old = world.open(before, earlier, world.ask(before, earlier, INSURER));
    GateOutcome passed = world.outcome(earlier, old, GateVerdict.PASSED);

    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    // Before anything was drawn, and after.
    refused(Reason.EVIDENCE_GATE_WRONG, () -> world.ask(enclave.through(passed), job, INSURER));
    Asked asked = world.ask(enclave, job, INSURER);
    ParleyException wrong =
        refused(Reason.EVIDENCE_GATE_WRONG, () -> world.ask(enclave.through(passed), job, INSURER));
    assertThat(wrong.metadata()).containsEntry("claim", "gates.hospital.draw");
    GateTask task = world.open(enclave, job, asked);
    GateOutcome right = world.outcome(job, task, GateVerdict.PASSED);
    // Findings of another job.
    refused(
        Reason.EVIDENCE_GATE_WRONG,
        () ->
            world.ask(
                enclave.through(
                    new GateOutcome(
                        right.gate(),
                        right.set(),
                        right.draw(),
                        right.expectation(),
                        right.result(),
                        GateVerdict.PASSED,
                        passed.findings())),
                job,
                INSURER));
    for (int part = 0; part < 4; part++) {
      Digest other = Digest.of(new byte[] {1});
      GateOutcome bent =
          new GateOutcome(
              right.gate(),
              part == 0 ? other : right.set(),
              part == 1 ? other : right.draw(),
              part == 2 ? other : right.expectation(),
              part == 3 ? null : right.result(),
              GateVerdict.PASSED,
              right.findings());
      refused(Reason.EVIDENCE_GATE_WRONG, () -> world.ask(enclave.through(bent), job, INSURER));
    }
    // None of that has used the draw up.
    FakeEnclave done = enclave.through(right);
    Asked granted = world.ask(done, job, INSURER);
    assertThat(done.open(granted.evidence(), granted.response())).hasSize(3);
  }

  @Test
  void anOutcomeOfAPartyWithoutAGateIsRefused() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "small");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    GateTask task = world.open(enclave, job, world.ask(enclave, job, INSURER));
    GateOutcome passed = world.outcome(job, task, GateVerdict.PASSED);
    FakeEnclave owner = broker.enclave(world.signed, job, HOSPITAL);
    refused(Reason.EVIDENCE_GATE_WRONG, () -> world.ask(owner.through(passed), job, HOSPITAL));
  }

  @Test
  void aSecondEnclaveGetsNothingOfTheFirstOnesGate() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "small");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    Asked asked = world.ask(enclave, job, INSURER);
    GateTask task = world.open(enclave, job, asked);
    FakeEnclave second = broker.enclave(world.signed, job, INSURER);
    refused(Reason.EVIDENCE_KEY_WRONG, () -> world.ask(second, job, INSURER));
    GateOutcome passed = world.outcome(job, task, GateVerdict.PASSED);
    refused(Reason.EVIDENCE_KEY_WRONG, () -> world.ask(second.through(passed), job, INSURER));
    refused(Reason.GATE_ORDER_WRONG, () -> world.open(second, job, asked));
  }

  @Test
  void whatASetDoesNotAllowIsNotPassedWhateverIsClaimed() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(
        HOSPITAL,
        world.set(
            world.signed.digest(),
            HOSPITAL,
            "strict",
            new GateAllowance(false, 1 << 20, Duration.ofSeconds(1))));
    List.of(
            new GateFindings(List.of(), Duration.ofMillis(5), 10, 1),
            new GateFindings(List.of(), Duration.ofMillis(5), 1 << 21, 0),
            new GateFindings(List.of(), Duration.ofSeconds(2), 10, 0),
            new GateFindings(
                List.of(new Finding("network", "", "AF_INET")), Duration.ofMillis(5), 10, 0))
        .forEach(findings -> {
          CreateJobRequest job = broker.startJob(world.signed);
          FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
          GateTask task = world.open(enclave, job, world.ask(enclave, job, INSURER));
          GateOutcome claimed = world.outcome(job, task, GateVerdict.PASSED, findings);
          refused(Reason.GATE_FAILED, () -> world.ask(enclave.through(claimed), job, INSURER));
        });
  }

  @Test
  void withoutASetNoJobStarts() {
    GateWorld world = new GateWorld(broker, HOSPITAL, INSURER);
    world.add(INSURER, "small");
    ParleyException why = refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
    assertThat(why.getMessage()).contains("hospital must register one with 'parley gate add'");
    StoredVerificationSet set = world.add(HOSPITAL, "one");
    CreateJobRequest job = broker.startJob(world.signed);
    remove(world, HOSPITAL, set);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    refused(Reason.GATE_MISSING, () -> world.ask(enclave, job, INSURER));
    refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
  }

  private static StoredVerificationSet remove(
      GateWorld world, String party, StoredVerificationSet set) {
    return world
        .gates(party, Role.OPERATOR)
        .removeVerificationSet(
            RemoveVerificationSetRequest.newBuilder()
                .setAgreementSha256(world.signed.digest().value())
                .setSetSha256(set.getSetSha256())
                .build())
        .getSet();
  }

  @Test
  void aJobGoesOnWithASetThatIsRemovedMeanwhile() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    StoredVerificationSet set = world.add(HOSPITAL, "one");
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    GateTask task = world.open(enclave, job, world.ask(enclave, job, INSURER));
    assertThat(remove(world, HOSPITAL, set).getDrawn()).isEqualTo(1);
    assertThat(remove(world, HOSPITAL, set).getDrawn()).isEqualTo(1);
    assertThat(world.list(HOSPITAL)).isEmpty();
    FakeEnclave passed = enclave.through(world.outcome(job, task, GateVerdict.PASSED));
    Asked granted = world.ask(passed, job, INSURER);
    assertThat(passed.open(granted.evidence(), granted.response())).hasSize(3);
  }

  @Test
  void onlyTheOwnerAddsListsAndRemoves() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    StoredVerificationSet set = world.add(HOSPITAL, "small");
    assertThat(world.list(HOSPITAL)).containsExactly(set);
    assertThat(world.list(INSURER)).isEmpty();
    refused(Reason.NOT_A_PARTY, () -> world.list(REGISTRY));
    refused(Reason.VERIFICATION_SET_NOT_FOUND, () -> remove(world, INSURER, set));
    refused(Reason.NOT_A_PARTY, () -> remove(world, REGISTRY, set));
    SignedVerificationSet mine = world.sign(world.set(HOSPITAL, "other"), HOSPITAL);
    AddVerificationSetRequest request = world.request(mine, HOSPITAL);
    refused(
        Reason.ROLE_MISSING, () -> world.gates(HOSPITAL, Role.ANALYST).addVerificationSet(request));
    refused(
        Reason.INVALID_VERIFICATION_SET,
        () -> world.gates(INSURER, Role.OPERATOR).addVerificationSet(request));
    // The insurer has no dataset with a gate.
    refused(Reason.INVALID_VERIFICATION_SET, () -> world.add(INSURER, "mine"));
    assertThat(world.list(HOSPITAL)).containsExactly(set);
    assertThat(broker.decisions(INSURER).toString()).doesNotContain("small");
    assertThat(broker.decisions(HOSPITAL).toString()).contains("small");
  }

  @Test
  void aSetThatIsNotRightIsNotTaken() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    SignedVerificationSet right = world.sign(world.set(HOSPITAL, "small"), HOSPITAL);
    byte[] bytes = right.set().toByteArray();
    bytes[bytes.length / 2] ^= 1;
    SignedVerificationSet flipped =
        new SignedVerificationSet(ByteString.copyFrom(bytes), right.signature());
    SignedVerificationSet cut =
        new SignedVerificationSet(
            right.set().substring(0, right.set().size() - 1), right.signature());
    SignedVerificationSet foreign = world.sign(world.set(HOSPITAL, "small"), INSURER);
    SignedVerificationSet elsewhere =
        world.sign(
            world.set(Digest.of(new byte[1]), HOSPITAL, "small", GateAllowance.DEFAULT), HOSPITAL);
    add(world, flipped, Reason.INVALID_SIGNATURE);
    add(world, cut, Reason.INVALID_SIGNATURE);
    add(world, foreign, Reason.INVALID_SIGNATURE);
    add(world, elsewhere, Reason.INVALID_VERIFICATION_SET);
    AddVerificationSetRequest request = world.request(right, HOSPITAL);
    SealedBytes sealed = SealedBytes.fromMessage(request.getSealed());
    byte[] bent = sealed.ciphertext().toByteArray();
    bent[7] ^= 1;
    refused(
        Reason.INVALID_VERIFICATION_SET,
        () ->
            world
                .gates(HOSPITAL, Role.OPERATOR)
                .addVerificationSet(
                    request.toBuilder()
                        .setSealed(
                            new SealedBytes(sealed.suite(), sealed.enc(), ByteString.copyFrom(bent))
                                .toMessage())
                        .build()));
    assertThat(world.list(HOSPITAL)).isEmpty();
  }

  private static void add(GateWorld world, SignedVerificationSet set, Reason reason) {
    refused(
        reason,
        () ->
            world.gates(HOSPITAL, Role.OPERATOR).addVerificationSet(world.request(set, HOSPITAL)));
  }

  @Test
  void setsAreFewAndTheSameOneIsOne() {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    VerificationSet set = world.set(HOSPITAL, "first");
    assertThat(world.add(HOSPITAL, set)).isEqualTo(world.add(HOSPITAL, set));
    for (int i = 1; i < 16; i++) {
      world.add(HOSPITAL, "set-" + i);
    }
    refused(Reason.TOO_MANY, () -> world.add(HOSPITAL, "one-more"));
    broker.restart();
    assertThat(world.list(HOSPITAL)).hasSize(16);
    remove(world, HOSPITAL, world.list(HOSPITAL).getFirst());
    world.add(HOSPITAL, "one-more");
    refused(Reason.ALREADY_EXISTS, () -> world.add(HOSPITAL, set));
  }

  @Test
  void nothingOfASetIsInTheBrokersFilesAndNothingIsLeftAfterShredding() throws Exception {
    GateWorld world = new GateWorld(broker, HOSPITAL);
    world.add(HOSPITAL, "small");
    assertThat(containsRows()).isFalse();
    broker
        .agreements(HOSPITAL)
        .haltAgreement(
            HaltAgreementRequest.newBuilder()
                .setAgreementSha256(world.signed.digest().value())
                .build());
    var _ =
        KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
            .shredKeys(
                ShredKeysRequest.newBuilder()
                    .setAgreementSha256(world.signed.digest().value())
                    .build());
    refused(Reason.KEYS_SHREDDED, () -> world.add(HOSPITAL, "another"));
    broker.restart();
    assertThat(world.list(HOSPITAL)).hasSize(1);
  }

  private boolean containsRows() throws Exception {
    for (String file : List.of("broker.db", "broker.db-wal")) {
      Path path = broker.home().folder().resolve(file);
      if (Files.exists(path)
          && ByteString.copyFrom(Files.readAllBytes(path))
              .toStringUtf8()
              .contains(GateWorld.ROWS)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void agreementsWithoutAGateAreAsTheyWere() {
    GateWorld world = new GateWorld(broker);
    CreateJobRequest job = broker.startJob(world.signed);
    FakeEnclave enclave = broker.enclave(world.signed, job, INSURER);
    assertThat(world.ask(enclave, job, INSURER).response().getGateOrder()).isEmpty();
    refused(Reason.INVALID_VERIFICATION_SET, () -> world.add(HOSPITAL, "none"));
    assertThat(
            world
                .gates(HOSPITAL, Role.NODE)
                .listVerificationSets(
                    ListVerificationSetsRequest.newBuilder()
                        .setAgreementSha256(world.signed.digest().value())
                        .build())
                .getSetsList())
        .isEmpty();
  }
}
