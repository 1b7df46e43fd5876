package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.AddCosignatureRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.GetCheckpointRequest;
import io.parley.proto.broker.v1.GetConsistencyProofRequest;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.GetReceiptResponse;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProveJobRequest;
import io.parley.proto.broker.v1.ReadEntriesRequest;
import io.parley.proto.broker.v1.ReadTileRequest;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeEdge;
import io.parley.tlog.TreeHead;
import io.parley.tlog.TreeProofs;
import io.parley.tlog.Witness;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log as parties check it over the wire, and a broker that somebody sets back. */
class WitnessTest {
  @TempDir Path folder;
  private TestBroker broker;
  private SignedAgreement signed;

  @BeforeEach
  void start() throws IOException {
    broker = TestBroker.start(folder.resolve("broker"));
    signed = broker.activate(20);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void afterAStartAPartyIsServedOnceItsOwnWitnessCame() {
    broker.restartUnwitnessed();
    refused(Reason.LOG_NOT_WITNESSED, () -> broker.startJob(signed));
    broker.present(HOSPITAL);
    refused(Reason.LOG_NOT_WITNESSED, () -> broker.startJob(signed));
    broker.present(INSURER);
    CreateJobRequest job = broker.startJob(signed);
    broker.restartUnwitnessed();
    broker.present(HOSPITAL);
    refused(Reason.LOG_NOT_WITNESSED, () -> broker.challenge(job, INSURER));
    assertThat(broker.challenge(job, HOSPITAL).size()).isEqualTo(32);
  }

  @Test
  void onlyANodeIsAWitness() {
    for (Role role : List.of(Role.ANALYST, Role.OPERATOR)) {
      refused(
          Reason.ROLE_MISSING,
          () ->
              broker
                  .log(HOSPITAL, role)
                  .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance()));
    }
  }

  @Test
  void everyCheckpointContinuesTheOneBefore() {
    SignedCheckpoint before = checkpoint(HOSPITAL, 0);
    broker.startJob(signed);
    broker.startJob(signed);
    SignedCheckpoint after = checkpoint(INSURER, 0);
    assertThat(after.head().size()).isEqualTo(before.head().size() + 2);
    assertThat(TreeProofs.consistent(before.head(), after.head(), proof(before, after))).isTrue();
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .log(HOSPITAL)
                .getConsistencyProof(
                    GetConsistencyProofRequest.newBuilder()
                        .setFromSize(1)
                        .setToSize(after.head().size() + 1)
                        .build()));
  }

  @Test
  void aPartyHashesTheWholeTreeAndReadsItsPartOnly() {
    broker.startJob(signed);
    SignedCheckpoint checkpoint = checkpoint(REGISTRY, 0);
    for (String party : List.of(HOSPITAL, REGISTRY)) {
      TreeEdge edge = TreeEdge.EMPTY;
      for (ReadableEntry entry :
          broker.log(party).readEntries(ReadEntriesRequest.getDefaultInstance()).getEntriesList()) {
        edge = edge.append(new Digest(entry.getLeafHash()));
        boolean about = index(entry) > 0;
        assertThat(entry.getEntry().isEmpty())
            .as("entry %d for %s", entry.getIndex(), party)
            .isEqualTo(party.equals(REGISTRY) && about);
        if (!entry.getEntry().isEmpty()) {
          assertThat(MerkleTree.leaf(entry.getEntry()).value()).isEqualTo(entry.getLeafHash());
        }
      }
      assertThat(edge.head()).isEqualTo(checkpoint.head());
      ByteString tile =
          broker
              .log(party)
              .readTile(
                  ReadTileRequest.newBuilder().setWidth((int) checkpoint.head().size()).build())
              .getHashes();
      assertThat(tile.size()).isEqualTo(32 * (int) checkpoint.head().size());
    }
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .log(HOSPITAL)
                .readTile(ReadTileRequest.newBuilder().setLevel(1).setWidth(1).build()));
    refused(
        Reason.INVALID_REQUEST,
        () ->
            broker
                .log(HOSPITAL)
                .readEntries(ReadEntriesRequest.newBuilder().setCount(257).build()));
  }

  private static long index(ReadableEntry entry) {
    return entry.getIndex();
  }

  @Test
  void aJobsDecisionsAreProven() throws Exception {
    CreateJobRequest job = broker.startJob(signed);
    broker.startJob(signed);
    List<ByteString> proofs =
        broker
            .log(HOSPITAL)
            .proveJob(ProveJobRequest.newBuilder().setJobId(job.getJobId()).build())
            .getProofsList();
    assertThat(proofs).hasSize(1);
    InclusionProof proof = InclusionProof.parse(proofs.getFirst());
    assertThat(proof.verify(brokerKey()).head()).isEqualTo(checkpoint(HOSPITAL, 0).head());
    assertThat(LogEntry.parseFrom(proof.entry()).getDecision().getSubjectSha256())
        .isEqualTo(job.getJobSha256());
    assertThat(
            broker
                .log(REGISTRY)
                .proveJob(ProveJobRequest.newBuilder().setJobId(job.getJobId()).build())
                .getProofsList())
        .isEmpty();
  }

  @Test
  void aReceiptIsProvenAndGathersCosignatures() throws Exception {
    CreateJobRequest job = broker.startJob(signed);
    FakeEnclave enclave = broker.enclave(signed, job, INSURER);
    var granted = broker.keys(INSURER).requestKeys(enclave.request(broker.challenge(job, INSURER)));
    assertThat(granted.getGrant().isEmpty()).isFalse();
    var finished =
        broker
            .keys(INSURER)
            .finishJob(
                enclave.finish(
                    JobReport.newBuilder()
                        .setJobId(job.getJobId())
                        .setParty(INSURER)
                        .setJobSha256(job.getJobSha256())
                        .build()));
    Digest receipt = DsseEnvelope.fromProto(finished.getReceipt()).digest();
    assertProven(finished.getProof(), receipt, List.of());
    SignedCheckpoint offered = cosign(HOSPITAL, checkpoint(HOSPITAL, 0));
    broker.startJob(signed);
    SignedCheckpoint alike = checkpoint(INSURER, 1);
    assertThat(alike.head()).as("what others cosigned is offered first").isEqualTo(offered.head());
    assertThat(checkpoint(INSURER, 0).head().size()).isGreaterThan(offered.head().size());
    cosign(INSURER, alike);
    GetReceiptResponse later =
        broker
            .keys(HOSPITAL, Role.ANALYST)
            .getReceipt(GetReceiptRequest.newBuilder().setJobId(job.getJobId()).build());
    assertProven(later.getProof(), receipt, List.of(HOSPITAL, INSURER));
    broker.restart();
    assertProven(
        broker
            .keys(HOSPITAL, Role.ANALYST)
            .getReceipt(GetReceiptRequest.newBuilder().setJobId(job.getJobId()).build())
            .getProof(),
        receipt,
        List.of(HOSPITAL, INSURER));
  }

  @Test
  void onlyTheWitnessKeyOfTheCallersPartyCosigns() {
    SignedCheckpoint checkpoint = checkpoint(HOSPITAL, 0);
    SigningKey stranger = SigningKey.generate(new SecureRandom());
    SignedCheckpoint forged =
        checkpoint.with(
            Witness.of(HOSPITAL, stranger.verifyingKey())
                .cosign(checkpoint.checkpoint(), broker.time().instant(), stranger));
    refused(Reason.INVALID_SIGNATURE, () -> add(HOSPITAL, forged));
    refused(Reason.INVALID_SIGNATURE, () -> add(HOSPITAL, checkpoint));
    SignedCheckpoint insurers = cosigned(INSURER, checkpoint);
    refused(Reason.INVALID_SIGNATURE, () -> add(HOSPITAL, insurers));
    refused(
        Reason.INVALID_SIGNATURE,
        () -> add(HOSPITAL, cosigned(HOSPITAL, SignedCheckpoint.sign(TreeHead.EMPTY, stranger))));
    refused(
        Reason.INVALID_CHECKPOINT,
        () ->
            broker
                .log(HOSPITAL, Role.NODE)
                .addCosignature(
                    AddCosignatureRequest.newBuilder()
                        .setCheckpoint(ByteString.copyFromUtf8("nonsense"))
                        .build()));
  }

  @Test
  void aHomeThatIsSetBackAsAWholeIsFoundOutByAnyWitness() throws Exception {
    CreateJobRequest known = broker.startJob(signed);
    broker.close();
    Path older = copy(broker.home().folder(), folder.resolve("older"));
    broker.restart();
    broker.startJob(signed);
    SignedCheckpoint seen = cosign(HOSPITAL, checkpoint(HOSPITAL, 0));
    broker.close();
    replace(older);
    broker.restartUnwitnessed();
    broker.present(INSURER);
    assertThat(broker.challenge(known, INSURER).isEmpty()).as("nobody knows yet").isFalse();
    ParleyException told = refused(Reason.LOG_FORKED, () -> present(HOSPITAL, seen));
    assertThat(told).hasMessageContaining("it was set back");
    // Nothing is served any more, whoever asks, and everybody is told why.
    refused(Reason.LOG_FORKED, () -> broker.startJob(signed));
    refused(
        Reason.LOG_FORKED,
        () ->
            broker.agreements(INSURER).listAgreements(ListAgreementsRequest.getDefaultInstance()));
    refused(Reason.LOG_FORKED, () -> present(INSURER, seen));
    assertThat(checkpoint(INSURER, 0).head().size())
        .as("the log itself is shown, as proof")
        .isPositive();
    // Not after a restart either.
    broker.close();
    assertThatThrownBy(broker::restart)
        .isInstanceOf(ParleyException.class)
        .hasMessageContaining("shown by a witness");
  }

  @Test
  void theRightDatabaseEndsTheRefusal() throws Exception {
    broker.close();
    Path older = copy(broker.home().folder(), folder.resolve("older"));
    broker.restart();
    broker.startJob(signed);
    SignedCheckpoint seen = checkpoint(HOSPITAL, 0);
    broker.close();
    Path newest = copy(broker.home().folder(), folder.resolve("newest"));
    replace(older);
    broker.restartUnwitnessed();
    refused(Reason.LOG_FORKED, () -> present(HOSPITAL, seen));
    broker.close();
    Path conflicts = broker.home().log().resolve("conflicts");
    Path kept = copy(conflicts, folder.resolve("kept"));
    replace(newest);
    copy(kept, conflicts);
    broker.restartUnwitnessed();
    present(HOSPITAL, seen);
    assertThat(conflicts).isEmptyDirectory();
    broker.present();
    assertThat(broker.startJob(signed).getJobId()).isNotEmpty();
  }

  @Test
  void aForkIsFoundOut() throws Exception {
    broker.close();
    Path older = copy(broker.home().folder(), folder.resolve("older"));
    broker.restart();
    broker.startJob(signed);
    SignedCheckpoint seen = checkpoint(HOSPITAL, 0);
    broker.close();
    replace(older);
    broker.restartUnwitnessed();
    broker.present(INSURER);
    for (int i = 0; i < 5; i++) {
      broker.startJob(signed);
    }
    ParleyException told = refused(Reason.LOG_FORKED, () -> present(HOSPITAL, seen));
    assertThat(told).hasMessageContaining("are not those that this broker signed");
  }

  @Test
  void aStrangersCheckpointStopsNothing() {
    SigningKey stranger = SigningKey.generate(new SecureRandom());
    SignedCheckpoint forged =
        SignedCheckpoint.sign(new TreeHead(1000, Digest.of(new byte[] {1})), stranger);
    refused(Reason.INVALID_SIGNATURE, () -> present(HOSPITAL, forged));
    assertThat(broker.startJob(signed).getJobId()).isNotEmpty();
  }

  private void assertProven(ByteString bytes, Digest receipt, List<String> cosigners)
      throws IOException {
    InclusionProof proof = InclusionProof.parse(bytes);
    SignedCheckpoint checkpoint = proof.verify(brokerKey());
    assertThat(LogEntry.parseFrom(proof.entry()).getDecision().getSubjectSha256())
        .isEqualTo(receipt.value());
    for (String party : List.of(HOSPITAL, INSURER)) {
      assertThat(witness(party).cosignedAt(checkpoint).isPresent())
          .as("cosigned by %s", party)
          .isEqualTo(cosigners.contains(party));
    }
  }

  private SignedCheckpoint checkpoint(String party, long cosigned) {
    return SignedCheckpoint.verify(
        broker
            .log(party)
            .getCheckpoint(GetCheckpointRequest.newBuilder().setCosignedSize(cosigned).build())
            .getCheckpoint(),
        brokerKey());
  }

  private List<Digest> proof(SignedCheckpoint before, SignedCheckpoint after) {
    return broker
        .log(HOSPITAL)
        .getConsistencyProof(
            GetConsistencyProofRequest.newBuilder()
                .setFromSize(before.head().size())
                .setToSize(after.head().size())
                .build())
        .getHashesList()
        .stream()
        .map(Digest::new)
        .toList();
  }

  private SignedCheckpoint cosign(String party, SignedCheckpoint checkpoint) {
    SignedCheckpoint cosigned = cosigned(party, checkpoint);
    add(party, cosigned);
    return cosigned;
  }

  private SignedCheckpoint cosigned(String party, SignedCheckpoint checkpoint) {
    SigningKey key = broker.consortium().party(party).node().witnessKey();
    return checkpoint.with(
        witness(party).cosign(checkpoint.checkpoint(), broker.time().instant(), key));
  }

  private Witness witness(String party) {
    return Witness.of(party, broker.consortium().party(party).node().witnessKey().verifyingKey());
  }

  private void add(String party, SignedCheckpoint checkpoint) {
    var _ =
        broker
            .log(party, Role.NODE)
            .addCosignature(
                AddCosignatureRequest.newBuilder().setCheckpoint(checkpoint.encode()).build());
  }

  private void present(String party, SignedCheckpoint checkpoint) {
    var _ =
        broker
            .log(party, Role.NODE)
            .presentCheckpoint(
                PresentCheckpointRequest.newBuilder().setCheckpoint(checkpoint.encode()).build());
  }

  private VerifyingKey brokerKey() {
    return broker.consortium().chain().current().broker().signingKey();
  }

  /** Everything in the broker's home but its identity is as it was: no trace of what came later. */
  private void replace(Path with) throws IOException {
    Path home = broker.home().folder();
    for (String part : List.of("log", "broker.db", "broker.db-wal", "broker.db-shm")) {
      delete(home.resolve(part));
      if (Files.exists(with.resolve(part))) {
        copy(with.resolve(part), home.resolve(part));
      }
    }
  }

  static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    return to;
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
