package io.parley.broker;

import static io.parley.broker.HardwareWorld.KINDS;
import static io.parley.broker.HardwareWorld.pinned;
import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.FakeEnclave.Facts;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.evidence.Evidence;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.TpmDocument;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.Receipt;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Challenge, evidence of hardware, sealed keys: over real gRPC, for each kind. */
final class HardwareReleaseTest {
  private static final Digest OTHER = Digest.of(new byte[] {77});

  @TempDir Path folder;
  private HardwareWorld world;

  @BeforeEach
  void start() throws Exception {
    world = new HardwareWorld(folder.resolve("broker"));
  }

  @AfterEach
  void stop() {
    world.close();
  }

  static List<String> kinds() {
    return KINDS;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void eachKindGetsItsKeysAndItsReceipt(String kind) throws Exception {
    FakeEnclave enclave = world.enclave(INSURER);
    Evidence evidence = world.evidence(enclave, kind, nonce(INSURER));
    assertThat(enclave.open(evidence, world.request(INSURER, evidence)))
        .containsOnlyKeys("", "admissions", "claims");
    Receipt receipt = finish(world.job, enclave);
    assertThat(receipt.getEnclaves(0).getEvidenceKind()).isEqualTo(kind);
    assertThat(receipt.getEnclaves(0).getEvidenceSha256()).isEqualTo(evidence.digest().value());
    assertThat(receipt.getEnclaves(0).getEmulator()).isEmpty();
  }

  @Test
  void eachPartyUsesItsOwnKind() throws Exception {
    FakeEnclave owner = world.enclave(HOSPITAL);
    Evidence snp = world.evidence(owner, "sev-snp", nonce(HOSPITAL));
    FakeEnclave computing = world.enclave(INSURER);
    Evidence tpm = world.evidence(computing, "tpm2", nonce(INSURER));
    assertThat(owner.open(snp, world.request(HOSPITAL, snp))).containsOnlyKeys("", "admissions");
    assertThat(computing.open(tpm, world.request(INSURER, tpm))).hasSize(3);
    assertThat(finish(world.job, computing).getEnclavesList())
        .extracting(it -> it.getEvidenceKind())
        .containsExactly("sev-snp", "tpm2");
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void evidenceIsGoodOnceAndForItsChallenge(String kind) throws Exception {
    FakeEnclave enclave = world.enclave(INSURER);
    Evidence evidence = world.evidence(enclave, kind, nonce(INSURER));
    assertThat(enclave.open(evidence, world.request(INSURER, evidence))).isNotEmpty();
    refused(Reason.CHALLENGE_UNKNOWN, () -> world.request(INSURER, evidence));
    Evidence never = world.evidence(enclave, kind, HardwareWorld.bytes(32, 5));
    refused(Reason.CHALLENGE_UNKNOWN, () -> world.request(INSURER, never));
  }

  /** The platform vouches for it, and it is not what the parties signed. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aGenuinePlatformThatRunsSomethingElseIsRefused(String kind) {
    Facts right = world.enclave(INSURER).facts();
    requireRefused(kind, Reason.EVIDENCE_SHIM_WRONG, facts(right, right.app(), OTHER, "bwrap"));
    requireRefused(
        kind, Reason.EVIDENCE_ISOLATION_WRONG, facts(right, right.app(), right.shim(), "landlock"));
    requireRefused(kind, Reason.EVIDENCE_APP_WRONG, facts(right, OTHER, right.shim(), "bwrap"));
    requireRefused(kind, Reason.EVIDENCE_APP_WRONG, facts(right, null, right.shim(), "bwrap"));
  }

  private void requireRefused(String kind, Reason reason, Facts facts) {
    FakeEnclave enclave = world.enclave(INSURER).with(facts);
    Evidence evidence = world.evidence(enclave, kind, nonce(INSURER));
    refused(reason, () -> world.request(INSURER, evidence));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anotherEnclavesReportOrStatementIsRefused(String kind) {
    FakeEnclave enclave = world.enclave(INSURER);
    FakeEnclave other = world.enclave(INSURER);
    ByteString nonce = nonce(INSURER);
    Evidence own = enclave.evidence(nonce, kind, statement -> ByteString.copyFromUtf8("x"));
    Evidence others = world.evidence(other, kind, nonce);
    refused(
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        () -> world.request(INSURER, new Evidence(kind, own.claims(), others.document())));
    Evidence swapped =
        enclave.evidence(
            nonce(INSURER),
            kind,
            statement -> {
              ByteString document = world.evidence(other, kind, nonce).document();
              return kind.equals("tpm2")
                  ? withStatement(TpmDocument.parse(document), statement)
                  : withStatement(HardwareDocument.parse(document), statement);
            });
    refused(Reason.EVIDENCE_REPORT_DATA_WRONG, () -> world.request(INSURER, swapped));
  }

  private static ByteString withStatement(
      HardwareDocument document, io.parley.evidence.LaunchStatement statement) {
    return new HardwareDocument(
            statement, document.report(), document.certificates(), document.collateral())
        .encode();
  }

  private static ByteString withStatement(
      TpmDocument document, io.parley.evidence.LaunchStatement statement) {
    return new TpmDocument(
            statement,
            document.akPublic(),
            document.quote(),
            document.signature(),
            document.pcrs(),
            document.events(),
            document.credential())
        .encode();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anAgreementThatDoesNotNameTheKindRefusesIt(String kind) {
    SignedAgreement simulated = world.activate("simulated-only", List.of());
    CreateJobRequest job = world.broker.startJob(simulated);
    FakeEnclave enclave = world.broker.enclave(simulated, job, INSURER);
    ByteString nonce = world.broker.challenge(job, INSURER);
    Evidence evidence =
        enclave.evidence(
            nonce,
            kind,
            statement ->
                kind.equals("tpm2")
                    ? world
                        .tpm
                        .document(
                            statement, enclave.facts().app(), new TpmDocument.Credential.None())
                        .encode()
                    : world.document(kind, INSURER, statement, enclave.facts().app()));
    refused(Reason.EVIDENCE_KIND_NOT_ALLOWED, () -> world.request(INSURER, evidence));
    refused(Reason.EVIDENCE_KIND_NOT_ALLOWED, () -> world.credential(world.tpm, job, INSURER));
  }

  @Test
  void anotherVendorsRootIsNotTheAgreements() {
    requireRoot("sev-snp", Reason.EVIDENCE_ROOT_UNKNOWN);
    requireRoot("tdx", Reason.EVIDENCE_ROOT_UNKNOWN);
    requireRoot("nitro", Reason.EVIDENCE_ROOT_UNKNOWN);
    FakeTpm other = FakeTpm.ecc();
    refused(Reason.EVIDENCE_ROOT_UNKNOWN, () -> world.credential(other, world.job, INSURER));
  }

  private void requireRoot(String kind, Reason reason) {
    FakeEnclave enclave = world.enclave(INSURER);
    var amd = io.parley.broker.evidence.sevsnp.FakeAmd.vcek(world.amd.product);
    var intel = new io.parley.broker.evidence.tdx.FakeIntel();
    var aws = new io.parley.broker.evidence.nitro.FakeAws();
    Evidence evidence =
        enclave.evidence(
            nonce(INSURER),
            kind,
            statement ->
                switch (kind) {
                  case "sev-snp" -> amd.document(statement);
                  case "tdx" -> intel.document(statement);
                  default -> aws.document(statement);
                });
    refused(reason, () -> world.request(INSURER, evidence));
  }

  @Test
  void aRefusalIsRecordedForTheOwnersWithWhatWasExpectedAndSeen() {
    FakeEnclave enclave = world.enclave(INSURER);
    Evidence debug =
        enclave.evidence(
            nonce(INSURER),
            "sev-snp",
            statement ->
                world.amd.document(
                    statement,
                    world.amd.sign(
                        world
                            .amd
                            .unsigned(statement.platformData().toByteArray())
                            .putLong(8, 0xb0000)),
                    world.amd.chain()));
    ParleyException refusal = refused(Reason.EVIDENCE_DEBUG, () -> world.request(INSURER, debug));
    assertThat(refusal).hasMessageContaining("claim 'debug'").hasMessageNotContaining("true");
    Decision decision = world.broker.decisions(HOSPITAL).getLast();
    assertThat(decision.getReason()).isEqualTo("EVIDENCE_DEBUG");
    assertThat(decision.getComparison().getClaimsList())
        .containsExactly(
            ComparedClaim.newBuilder()
                .setClaim("debug")
                .setExpected("false")
                .setSeen("true")
                .setReason("EVIDENCE_DEBUG")
                .setAdvice("start the guest without debugging: the host can read its memory")
                .build());
  }

  @Test
  void whatDiffersOfThePlatformAndOfTheEnclaveIsAllToldToTheOwners() {
    SignedAgreement signed = world.activate("newer-firmware", List.of(world.snp(21)));
    CreateJobRequest job = world.broker.startJob(signed);
    FakeEnclave right = world.broker.enclave(signed, job, INSURER);
    FakeEnclave wrong = right.with(facts(right.facts(), OTHER, OTHER, "bwrap"));
    Evidence evidence =
        wrong.evidence(
            world.broker.challenge(job, INSURER),
            "sev-snp",
            statement ->
                world.amd.document(
                    statement,
                    world.amd.sign(
                        world
                            .amd
                            .unsigned(statement.platformData().toByteArray())
                            .put(0x90, new byte[48])),
                    world.amd.chain()));
    ParleyException refusal =
        refused(Reason.EVIDENCE_TCB_OUTDATED, () -> world.request(INSURER, evidence));
    assertThat(refusal.metadata()).containsEntry("claim", "tcb");
    // The whole sentence: a job's id is random, and may hold any few digits that are looked for.
    assertThat(refusal)
        .hasMessageEndingWith(
            "in job "
                + job.getJobId()
                + ": claim 'tcb' is not as agreed: update the machine's firmware. The owners of the"
                + " datasets see expected and seen values with 'parley job explain'");
    Decision decision = world.broker.decisions(HOSPITAL).getLast();
    assertThat(decision.getReason()).isEqualTo("EVIDENCE_TCB_OUTDATED");
    assertThat(decision.getComparison().getClaimsList())
        .extracting(ComparedClaim::getClaim, ComparedClaim::getReason)
        .containsExactly(
            tuple("tcb", "EVIDENCE_TCB_OUTDATED"),
            tuple("measurement", "EVIDENCE_MEASUREMENT_WRONG"),
            tuple("app_sha256", "EVIDENCE_APP_WRONG"),
            tuple("shim_sha256", "EVIDENCE_SHIM_WRONG"));
    assertThat(decision.getComparison().getClaims(1).getExpected()).isEqualTo("ab".repeat(48));
    assertThat(decision.getComparison().getClaims(1).getSeen()).isEqualTo("00".repeat(48));
  }

  @Test
  void anEmulatedTpmIsRefusedUnlessTheAgreementNamesIt() throws Exception {
    FakeTpm swtpm = FakeTpm.swtpm();
    SignedAgreement hardware = world.activate("hardware", List.of(world.tpm(swtpm, List.of())));
    refused(Reason.EVIDENCE_EMULATED, () -> granted(hardware, swtpm));
    SignedAgreement emulated =
        world.activate("emulated", List.of(world.tpm(swtpm, List.of("swtpm"))));
    Receipt receipt = granted(emulated, swtpm);
    assertThat(receipt.getEnclaves(0).getEvidenceKind()).isEqualTo("tpm2");
    assertThat(receipt.getEnclaves(0).getEmulator()).isEqualTo("swtpm");
    assertThat(world.broker.decisions(INSURER))
        .anySatisfy(it -> assertThat(it.getDetail()).contains("tpm2 (emulation: swtpm) evidence"));
  }

  private Receipt granted(SignedAgreement signed, FakeTpm tpm) throws Exception {
    CreateJobRequest job = world.broker.startJob(signed);
    FakeEnclave enclave = world.broker.enclave(signed, job, INSURER);
    Evidence evidence =
        enclave.evidence(
            world.broker.challenge(job, INSURER),
            "tpm2",
            statement ->
                tpm.document(statement, enclave.facts().app(), world.credential(tpm, job, INSURER))
                    .encode());
    assertThat(enclave.open(evidence, world.request(INSURER, evidence))).hasSize(3);
    return finish(job, enclave);
  }

  @Test
  void aKeyThatIsTrustedByNameNeedsNoCredential() throws Exception {
    SignedAgreement byName = world.activate("by-name", List.of(pinned(world.tpm)));
    CreateJobRequest job = world.broker.startJob(byName);
    FakeEnclave enclave = world.broker.enclave(byName, job, INSURER);
    Evidence evidence = pinnedEvidence(job, enclave, world.tpm);
    assertThat(enclave.open(evidence, world.request(INSURER, evidence))).hasSize(3);
    assertThat(finish(job, enclave).getEnclaves(0).getEmulator()).isEqualTo("unknown");
    Evidence other = pinnedEvidence(job, enclave, FakeTpm.ecc());
    refused(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, () -> world.request(INSURER, other));
    refused(Reason.EVIDENCE_KIND_NOT_ALLOWED, () -> world.credential(world.tpm, job, INSURER));
  }

  private Evidence pinnedEvidence(CreateJobRequest job, FakeEnclave enclave, FakeTpm tpm) {
    return enclave.evidence(
        world.broker.challenge(job, INSURER),
        "tpm2",
        statement ->
            tpm.document(statement, enclave.facts().app(), new TpmDocument.Credential.None())
                .encode());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatTheDocumentLacksComesFromTheFolder(boolean there) throws Exception {
    Path vendors = Files.createDirectories(folder.resolve("b2/vendors"));
    try (HardwareWorld second = new HardwareWorld(folder.resolve("b2"), "collateral: vendors\n")) {
      if (there) {
        write(vendors, "amd", FakeAuthority.der(second.amd.chain()));
        write(
            vendors,
            "amd-crl",
            FakeAuthority.der(second.amd.root.revoking(FakeAuthority.FROM, FakeAuthority.TO)));
        write(vendors, "intel", second.intel.answers(second.intel.tcbInfo()));
        second.broker.time().pass(Duration.ofSeconds(2));
      }
      FakeEnclave enclave = second.enclave(INSURER);
      Evidence snp =
          enclave.evidence(
              second.broker.challenge(second.job, INSURER),
              "sev-snp",
              statement ->
                  second.amd.document(
                      statement,
                      second.amd.report(statement.platformData().toByteArray()),
                      List.of(),
                      new java.security.cert.X509CRL[0]));
      Evidence tdx =
          enclave.evidence(
              second.broker.challenge(second.job, INSURER),
              "tdx",
              statement ->
                  second.intel.document(
                      statement,
                      second.intel.quote(4, statement.platformData().toByteArray()),
                      List.of()));
      if (there) {
        assertThat(enclave.open(snp, second.request(INSURER, snp))).hasSize(3);
        assertThat(enclave.open(tdx, second.request(INSURER, tdx))).hasSize(3);
      } else {
        refused(Reason.EVIDENCE_COLLATERAL_MISSING, () -> second.request(INSURER, snp));
        refused(Reason.EVIDENCE_COLLATERAL_MISSING, () -> second.request(INSURER, tdx));
      }
    }
  }

  private static void write(Path folder, String name, List<ByteString> pieces) throws Exception {
    for (int i = 0; i < pieces.size(); i++) {
      Files.write(folder.resolve(name + "-" + i), pieces.get(i).toByteArray());
    }
  }

  @Test
  void anOldListInTheDocumentHidesNothingThatTheFolderKnows() throws Exception {
    Path vendors = Files.createDirectories(folder.resolve("b3/vendors"));
    try (HardwareWorld second = new HardwareWorld(folder.resolve("b3"), "collateral: vendors\n")) {
      FakeEnclave enclave = second.enclave(INSURER);
      Evidence before =
          second.evidence(enclave, "sev-snp", second.broker.challenge(second.job, INSURER));
      assertThat(enclave.open(before, second.request(INSURER, before))).hasSize(3);
      write(
          vendors,
          "crl",
          FakeAuthority.der(
              second.amd.root.revoking(
                  FakeAuthority.NOW.minusSeconds(60),
                  FakeAuthority.TO,
                  second.amd.issuer.certificate())));
      second.broker.time().pass(Duration.ofSeconds(2));
      Evidence after =
          second.evidence(enclave, "sev-snp", second.broker.challenge(second.job, INSURER));
      refused(Reason.EVIDENCE_CERTIFICATE_REVOKED, () -> second.request(INSURER, after));
    }
  }

  @Test
  void aFolderWithSomethingElseInItKeepsTheBrokerFromStarting() throws Exception {
    Path home = folder.resolve("b4");
    Path vendors = Files.createDirectories(home.resolve("vendors"));
    Files.writeString(vendors.resolve("notes.txt"), "get the new list on Monday");
    refused(Reason.INVALID_CONFIG, () -> new HardwareWorld(home, "collateral: vendors\n").close());
    refused(
        Reason.IO_FAILED,
        () -> new HardwareWorld(folder.resolve("b5"), "collateral: nowhere\n").close());
  }

  private ByteString nonce(String party) {
    return world.broker.challenge(world.job, party);
  }

  private Receipt finish(CreateJobRequest job, FakeEnclave enclave) throws Exception {
    FinishJobResponse response =
        world
            .broker
            .keys(INSURER)
            .finishJob(
                enclave.finish(
                    JobReport.newBuilder()
                        .setJobId(job.getJobId())
                        .setParty(INSURER)
                        .setJobSha256(job.getJobSha256())
                        .build()));
    return Receipt.parseFrom(response.getReceipt().getPayload());
  }

  private static Facts facts(
      Facts right, @org.jspecify.annotations.Nullable Digest app, Digest shim, String isolation) {
    return new Facts(
        right.agreement(),
        right.party(),
        right.jobId(),
        right.job(),
        app,
        right.tests(),
        shim,
        isolation,
        right.platformKey(),
        right.kind(),
        right.signingKey());
  }
}
