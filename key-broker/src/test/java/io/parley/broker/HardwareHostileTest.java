package io.parley.broker;

import static io.parley.broker.HardwareWorld.bytes;
import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.evidence.FakeAuthority.FROM;
import static io.parley.broker.evidence.FakeAuthority.NOW;
import static io.parley.broker.evidence.FakeAuthority.TO;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.nitro.FakeAws;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.evidence.Evidence;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.TpmDocument;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** One thing wrong with evidence of hardware at a time; each is refused for its own reason. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HardwareHostileTest {
  private static final Instant YESTERDAY = NOW.minusSeconds(86_400);
  private static final Digest OTHER = Digest.of(new byte[] {77});

  private HardwareWorld world;
  private FakeEnclave enclave;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    world = new HardwareWorld(folder.resolve("broker"));
    enclave = world.enclave(INSURER);
  }

  @AfterAll
  void stop() {
    world.close();
  }

  private interface Wrong {
    ByteString document(LaunchStatement statement);
  }

  private static final class Cases {
    private final Map<String, Wrong> wrong = new LinkedHashMap<>();
    private final Map<String, Reason> reasons = new LinkedHashMap<>();

    void add(String name, Reason reason, Wrong document) {
      assertThat(wrong.put(name, document)).as(name).isNull();
      reasons.put(name, reason);
    }
  }

  private Stream<DynamicTest> each(String kind, Consumer<Cases> fill) {
    Cases cases = new Cases();
    fill.accept(cases);
    return cases.wrong.entrySet().stream()
        .map(each ->
            DynamicTest.dynamicTest(
                each.getKey(),
                () -> {
                  Evidence evidence =
                      enclave.evidence(
                          nonce(), kind, statement -> each.getValue().document(statement));
                  refused(
                      java.util.Objects.requireNonNull(cases.reasons.get(each.getKey())),
                      () -> world.request(INSURER, evidence));
                }));
  }

  @TestFactory
  Stream<DynamicTest> sevSnp() {
    return each(
        "sev-snp",
        cases -> {
          report(cases, "a debug guest", Reason.EVIDENCE_DEBUG, r -> r.putLong(8, 0xb0000));
          report(
              cases, "a migration agent", Reason.EVIDENCE_MIGRATABLE, r -> r.putLong(8, 0x70000));
          report(cases, "a lower privilege", Reason.EVIDENCE_VMPL_WRONG, r -> r.putInt(0x30, 3));
          report(
              cases,
              "another image",
              Reason.EVIDENCE_MEASUREMENT_WRONG,
              r -> r.put(0x90, (byte) 1));
          report(cases, "host data", Reason.EVIDENCE_MEASUREMENT_WRONG, r -> r.put(0xc0, (byte) 1));
          report(
              cases,
              "versions of another certificate",
              Reason.EVIDENCE_TCB_WRONG,
              r -> r.put(0x180, (byte) 3));
          report(cases, "another chip", Reason.EVIDENCE_CHIP_WRONG, r -> r.put(0x1a0, (byte) 1));
          report(
              cases,
              "another enclave's report data",
              Reason.EVIDENCE_REPORT_DATA_WRONG,
              r -> r.put(0x50, new byte[64]));
          certificates(cases, "no certificates", Reason.EVIDENCE_COLLATERAL_MISSING, List.of());
          certificates(
              cases,
              "another line's issuers",
              Reason.EVIDENCE_PRODUCT_WRONG,
              List.of(
                  world.amd.leaf.certificate(),
                  world.genoa.issuer.certificate(),
                  world.genoa.root.certificate()));
          certificates(
              cases,
              "another key of the chip",
              Reason.EVIDENCE_SIGNATURE_WRONG,
              withLeaf(world.amd.chip(FROM, TO)));
          certificates(
              cases,
              "an expired certificate",
              Reason.EVIDENCE_CERTIFICATE_EXPIRED,
              withLeaf(world.amd.chip(FROM, YESTERDAY)));
          certificates(
              cases,
              "two chips' certificates",
              Reason.EVIDENCE_CHAIN_WRONG,
              Stream.concat(
                      world.amd.chain().stream(), Stream.of(world.amd.chip(FROM, TO).certificate()))
                  .toList());
          cases.add(
              "a chip of a family that is not named",
              Reason.EVIDENCE_PRODUCT_WRONG,
              world.genoa::document);
          revocation(cases);
          cases.add(
              "a byte more",
              Reason.INVALID_EVIDENCE,
              s -> world.amd.document(s, good(s).concat(bytes(1, 0)), world.amd.chain()));
          cases.add(
              "a certificate that is none",
              Reason.INVALID_EVIDENCE,
              s -> new HardwareDocument(s, good(s), List.of(bytes(100, 0x30)), List.of()).encode());
          cases.add(
              "more than the kind may have",
              Reason.INVALID_EVIDENCE,
              s ->
                  new HardwareDocument(
                          s, good(s), List.of(), Collections.nCopies(2, bytes(60_000, 7)))
                      .encode());
          cases.add("a TPM's document", Reason.INVALID_EVIDENCE, s -> tpm(s, none()));
        });
  }

  private void revocation(Cases cases) {
    FakeAmd amd = world.amd;
    lists(cases, "no revocation list", Reason.EVIDENCE_COLLATERAL_MISSING);
    lists(
        cases,
        "a revoked issuer",
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        amd.root.revoking(FROM, TO, amd.issuer.certificate()));
    lists(
        cases,
        "an expired list",
        Reason.EVIDENCE_COLLATERAL_EXPIRED,
        amd.root.revoking(FROM, YESTERDAY));
    lists(
        cases,
        "a list of the future",
        Reason.EVIDENCE_COLLATERAL_EXPIRED,
        amd.root.revoking(NOW.plusSeconds(60), TO));
    lists(
        cases,
        "a list that somebody else signed in the issuer's name",
        Reason.EVIDENCE_COLLATERAL_WRONG,
        FakeAmd.vcek(amd.product).root.revoking(FROM, TO));
    lists(
        cases,
        "an older list beside the one that revokes",
        Reason.EVIDENCE_CERTIFICATE_REVOKED,
        amd.root.revoking(FROM, TO),
        amd.root.revoking(YESTERDAY, TO, amd.issuer.certificate()));
  }

  private void report(Cases cases, String name, Reason reason, Consumer<ByteBuffer> change) {
    cases.add(
        name,
        reason,
        statement -> {
          ByteBuffer report = world.amd.unsigned(statement.platformData().toByteArray());
          change.accept(report);
          return world.amd.document(statement, world.amd.sign(report), world.amd.chain());
        });
  }

  private void certificates(
      Cases cases, String name, Reason reason, List<X509Certificate> certificates) {
    cases.add(name, reason, s -> world.amd.document(s, good(s), certificates));
  }

  private void lists(Cases cases, String name, Reason reason, X509CRL... lists) {
    cases.add(name, reason, s -> world.amd.document(s, good(s), world.amd.chain(), lists));
  }

  private ByteString good(LaunchStatement statement) {
    return world.amd.report(statement.platformData().toByteArray());
  }

  private List<X509Certificate> withLeaf(FakeAuthority leaf) {
    return List.of(
        leaf.certificate(), world.amd.issuer.certificate(), world.amd.root.certificate());
  }

  @TestFactory
  Stream<DynamicTest> tdx() {
    FakeIntel intel = world.intel;
    return each(
        "tdx",
        cases -> {
          body(cases, "a debug TD", Reason.EVIDENCE_DEBUG, b -> b.put(120, (byte) 1));
          body(cases, "a migratable TD", Reason.EVIDENCE_MIGRATABLE, b -> b.put(123, (byte) 0x30));
          body(
              cases, "another image", Reason.EVIDENCE_MEASUREMENT_WRONG, b -> b.put(136, (byte) 1));
          body(
              cases,
              "another kernel",
              Reason.EVIDENCE_MEASUREMENT_WRONG,
              b -> b.put(328, (byte) 1));
          body(
              cases, "another owner", Reason.EVIDENCE_MEASUREMENT_WRONG, b -> b.put(232, (byte) 1));
          body(cases, "an old platform", Reason.EVIDENCE_TCB_OUTDATED, b -> b.put(2, (byte) 4));
          body(
              cases,
              "another enclave's report data",
              Reason.EVIDENCE_REPORT_DATA_WRONG,
              b -> b.put(520, new byte[64]));
          collateral(cases, "no collateral", Reason.EVIDENCE_COLLATERAL_MISSING, List.of());
          collateral(
              cases,
              "a part of the collateral",
              Reason.EVIDENCE_COLLATERAL_MISSING,
              intel.answers(intel.tcbInfo()).subList(1, 6));
          collateral(
              cases,
              "collateral of another platform",
              Reason.EVIDENCE_COLLATERAL_MISSING,
              intel.answers(intel.tcbInfo().replace("00112233aabb", "00112233aabc")));
          collateral(
              cases,
              "expired collateral",
              Reason.EVIDENCE_COLLATERAL_EXPIRED,
              intel.answers(
                  intel.tcbInfo().replace(FakeIntel.NEXT.toString(), YESTERDAY.toString())));
          collateral(
              cases,
              "collateral that somebody else signed",
              Reason.EVIDENCE_COLLATERAL_WRONG,
              replaced(
                  intel.answers(intel.tcbInfo()), new FakeIntel().answers(intel.tcbInfo()), 0));
          collateral(
              cases,
              "a revoked machine",
              Reason.EVIDENCE_CERTIFICATE_REVOKED,
              intel.answers(
                  intel.tcbInfo(),
                  intel.root.revoking(FakeIntel.ISSUED, FakeIntel.NEXT),
                  intel.issuer.revoking(
                      FakeIntel.ISSUED, FakeIntel.NEXT, intel.pck.certificate())));
          collateral(
              cases,
              "JSON that is none of Intel's",
              Reason.INVALID_EVIDENCE,
              List.of(ByteString.copyFromUtf8("{\"a\": 1}")));
          collateral(
              cases,
              "JSON without end",
              Reason.INVALID_EVIDENCE,
              List.of(ByteString.copyFromUtf8("{\"tcbInfo\":" + "[".repeat(60_000))));
          cases.add(
              "bytes after the quote",
              Reason.INVALID_EVIDENCE,
              s -> intel.document(s, quote(s).concat(bytes(1, 1)), intel.answers(intel.tcbInfo())));
        });
  }

  private static List<ByteString> replaced(
      List<ByteString> answers, List<ByteString> others, int index) {
    List<ByteString> all = new ArrayList<>(answers);
    all.set(index, others.get(index));
    return all;
  }

  private ByteString quote(LaunchStatement statement) {
    return world.intel.quote(5, statement.platformData().toByteArray());
  }

  private void body(Cases cases, String name, Reason reason, Consumer<ByteBuffer> change) {
    cases.add(
        name,
        reason,
        statement -> {
          ByteBuffer body = world.intel.body(5, statement.platformData().toByteArray());
          change.accept(body);
          return world.intel.document(
              statement, world.intel.quote(5, body), world.intel.answers(world.intel.tcbInfo()));
        });
  }

  private void collateral(Cases cases, String name, Reason reason, List<ByteString> answers) {
    cases.add(name, reason, s -> world.intel.document(s, quote(s), answers));
  }

  @TestFactory
  Stream<DynamicTest> nitro() {
    FakeAws aws = world.aws;
    return each(
        "nitro",
        cases -> {
          pcrs(cases, "a debug enclave", Reason.EVIDENCE_DEBUG, pcrs -> pcrs.put(0, new byte[48]));
          pcrs(
              cases,
              "another image",
              Reason.EVIDENCE_PCR_WRONG,
              pcrs -> pcrs.put(2, bytes(48, 9).toByteArray()));
          pcrs(cases, "a register less", Reason.EVIDENCE_DEBUG, pcrs -> pcrs.remove(1));
          cases.add(
              "another enclave's user data",
              Reason.EVIDENCE_REPORT_DATA_WRONG,
              s -> aws.document(s, aws.document(new byte[64])));
          cases.add(
              "an old document",
              Reason.EVIDENCE_CERTIFICATE_EXPIRED,
              s -> {
                Map<String, byte[]> payload = aws.payload(s.platformData().toByteArray());
                payload.put("timestamp", FakeAws.time(FROM.minusSeconds(60)));
                return aws.document(s, aws.sign(FakeAws.encode(payload)));
              });
          cases.add(
              "a byte more",
              Reason.INVALID_EVIDENCE,
              s ->
                  aws.document(
                      s, aws.document(s.platformData().toByteArray()).concat(bytes(1, 0))));
          cases.add(
              "certificates beside it",
              Reason.INVALID_EVIDENCE,
              s ->
                  new HardwareDocument(
                          s,
                          aws.document(s.platformData().toByteArray()),
                          FakeAuthority.der(List.of(aws.root.certificate())),
                          List.of())
                      .encode());
        });
  }

  private void pcrs(
      Cases cases, String name, Reason reason, Consumer<Map<Integer, byte[]>> change) {
    cases.add(
        name,
        reason,
        s -> {
          Map<Integer, byte[]> pcrs = new LinkedHashMap<>();
          for (int i = 0; i < 4; i++) {
            byte[] pcr = new byte[48];
            pcr[0] = (byte) (i + 1);
            pcrs.put(i, pcr);
          }
          change.accept(pcrs);
          Map<String, byte[]> payload = world.aws.payload(s.platformData().toByteArray());
          payload.put("pcrs", FakeAws.pcrs(pcrs));
          return world.aws.document(s, world.aws.sign(FakeAws.encode(payload)));
        });
  }

  @TestFactory
  Stream<DynamicTest> tpm2() {
    FakeTpm tpm = world.tpm;
    return each(
        "tpm2",
        cases -> {
          cases.add("no credential", Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, s -> tpm(s, none()));
          cases.add(
              "a credential that was never given out",
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              s -> tpm(s, new TpmDocument.Credential.Answer(bytes(32, 1), bytes(32, 2))));
          cases.add(
              "a wrong answer",
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              s -> tpm(s, new TpmDocument.Credential.Answer(answer().id(), bytes(32, 2))));
          cases.add(
              "another key than the credential's",
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              s -> FakeTpm.ecc().document(s, TestConsortium.APP, answer()).encode());
          cases.add(
              "another job's credential",
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              s -> {
                CreateJobRequest other = world.broker.startJob(world.signed);
                return tpm(s, world.credential(tpm, other, INSURER));
              });
          cases.add(
              "another party's credential",
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              s -> tpm(s, world.credential(tpm, world.job, TestConsortium.HOSPITAL)));
          registers(cases);
          events(cases);
          cases.add(
              "a quote that another key signed",
              Reason.EVIDENCE_SIGNATURE_WRONG,
              s -> {
                TpmDocument right = tpm.document(s, TestConsortium.APP, answer());
                return with(right, right.akPublic(), FakeTpm.ecc().sign(right.quote())).encode();
              });
          cases.add(
              "a key without its size",
              Reason.INVALID_EVIDENCE,
              s -> {
                TpmDocument right = tpm.document(s, TestConsortium.APP, answer());
                return with(right, tpm.area(), right.signature()).encode();
              });
          cases.add(
              "a bare signature",
              Reason.INVALID_EVIDENCE,
              s -> {
                TpmDocument right = tpm.document(s, TestConsortium.APP, answer());
                return with(right, right.akPublic(), bytes(256, 1)).encode();
              });
          cases.add(
              "a quote over something else",
              Reason.EVIDENCE_REPORT_DATA_WRONG,
              s -> {
                TpmDocument old =
                    tpm.document(
                        new LaunchStatement(s.reportData(), OTHER, s.isolation()),
                        answer(),
                        events(s));
                return new TpmDocument(
                        s,
                        old.akPublic(),
                        old.quote(),
                        old.signature(),
                        old.pcrs(),
                        old.events(),
                        old.credential())
                    .encode();
              });
          cases.add("a chip's document", Reason.INVALID_EVIDENCE, world.amd::document);
        });
  }

  private void registers(Cases cases) {
    quoted(
        cases,
        "another value of a register",
        Reason.EVIDENCE_PCR_WRONG,
        pcrs -> pcrs.put(7, bytes(32, 9)));
    quoted(cases, "a register more", Reason.EVIDENCE_PCR_WRONG, pcrs -> pcrs.put(0, bytes(32, 9)));
    quoted(cases, "a register less", Reason.EVIDENCE_PCR_WRONG, pcrs -> pcrs.remove(7));
    quoted(cases, "without the shim's register", Reason.EVIDENCE_PCR_WRONG, p -> p.remove(14));
    quoted(cases, "without the app's register", Reason.EVIDENCE_PCR_WRONG, p -> p.remove(15));
    cases.add(
        "values that are not quoted",
        Reason.EVIDENCE_PCR_WRONG,
        s -> {
          TpmDocument right = world.tpm.document(s, TestConsortium.APP, answer());
          TreeMap<Integer, ByteString> others = new TreeMap<>(right.pcrs());
          others.put(7, bytes(32, 9));
          return withPcrs(right, right.quote(), right.signature(), others).encode();
        });
    cases.add(
        "values of registers that the quote does not select",
        Reason.INVALID_EVIDENCE,
        s -> {
          TpmDocument right = world.tpm.document(s, TestConsortium.APP, answer());
          TreeMap<Integer, ByteString> others = new TreeMap<>(right.pcrs());
          others.put(6, java.util.Objects.requireNonNull(others.remove(7)));
          return withPcrs(right, right.quote(), right.signature(), others).encode();
        });
  }

  private void events(Cases cases) {
    logged(cases, "no events", Reason.EVIDENCE_PCR_WRONG, (s, log) -> log.clear());
    logged(
        cases,
        "without this enclave's shim",
        Reason.EVIDENCE_PCR_WRONG,
        (s, log) -> log.set(0, MeasuredEvent.ofShim(OTHER, s.isolation())));
    logged(
        cases,
        "without this enclave's isolation",
        Reason.EVIDENCE_PCR_WRONG,
        (s, log) -> log.set(0, MeasuredEvent.ofShim(s.shim(), "landlock")));
    logged(
        cases,
        "without this enclave's app",
        Reason.EVIDENCE_PCR_WRONG,
        (s, log) -> log.set(1, MeasuredEvent.ofApp(null)));
    cases.add(
        "events that do not lead to the register",
        Reason.EVIDENCE_PCR_WRONG,
        s -> {
          TpmDocument right = world.tpm.document(s, TestConsortium.APP, answer());
          List<MeasuredEvent> more = new ArrayList<>(right.events());
          more.add(MeasuredEvent.ofShim(OTHER, "bwrap"));
          return new TpmDocument(
                  s,
                  right.akPublic(),
                  right.quote(),
                  right.signature(),
                  right.pcrs(),
                  more,
                  right.credential())
              .encode();
        });
  }

  private interface Log {
    void change(LaunchStatement statement, List<MeasuredEvent> log);
  }

  /** The registers hold exactly what the log says, so that only what it says is wrong. */
  private void logged(Cases cases, String name, Reason reason, Log change) {
    cases.add(
        name,
        reason,
        s -> {
          List<MeasuredEvent> log = new ArrayList<>(events(s));
          change.change(s, log);
          return world.tpm.document(s, answer(), log).encode();
        });
  }

  private void quoted(
      Cases cases, String name, Reason reason, Consumer<TreeMap<Integer, ByteString>> change) {
    cases.add(
        name,
        reason,
        s -> {
          TpmDocument right = world.tpm.document(s, TestConsortium.APP, answer());
          TreeMap<Integer, ByteString> pcrs = new TreeMap<>(right.pcrs());
          change.accept(pcrs);
          ByteString quote = FakeTpm.attest(s.quoteData().toByteArray(), pcrs);
          return withPcrs(right, quote, world.tpm.sign(quote), pcrs).encode();
        });
  }

  /** A TPM that outlives enclaves has more in its registers than this one's. */
  @Test
  void aLogThatHasGrownIsAccepted() throws Exception {
    Evidence evidence =
        enclave.evidence(
            nonce(),
            "tpm2",
            s -> {
              List<MeasuredEvent> log = new ArrayList<>();
              for (int i = 0; i < 100; i++) {
                log.add(MeasuredEvent.ofShim(Digest.of(new byte[] {(byte) i}), "bwrap"));
                log.add(MeasuredEvent.ofApp(null));
              }
              log.addAll(events(s));
              log.add(MeasuredEvent.ofApp(OTHER));
              return world.tpm.document(s, answer(), log).encode();
            });
    assertThat(enclave.open(evidence, world.request(INSURER, evidence))).hasSize(3);
  }

  @Test
  void aCredentialsAnswerIsGoodOnce() throws Exception {
    TpmDocument.Credential.Answer answer = answer();
    Evidence first = enclave.evidence(nonce(), "tpm2", s -> tpm(s, answer));
    assertThat(enclave.open(first, world.request(INSURER, first))).hasSize(3);
    Evidence second = enclave.evidence(nonce(), "tpm2", s -> tpm(s, answer));
    refused(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, () -> world.request(INSURER, second));
  }

  /** What the vendor vouches for is fine; these parties want more. */
  @Test
  void aStricterAgreementRefusesWhatAnotherTakes() {
    SignedAgreement strict = world.activate("strict", List.of(world.snp(21), world.tdx(18)));
    CreateJobRequest job = world.broker.startJob(strict);
    FakeEnclave other = world.broker.enclave(strict, job, INSURER);
    Evidence snp =
        other.evidence(world.broker.challenge(job, INSURER), "sev-snp", world.amd::document);
    refused(Reason.EVIDENCE_TCB_OUTDATED, () -> world.request(INSURER, snp));
    Evidence tdx =
        other.evidence(world.broker.challenge(job, INSURER), "tdx", world.intel::document);
    refused(Reason.EVIDENCE_COLLATERAL_EXPIRED, () -> world.request(INSURER, tdx));
  }

  private ByteString nonce() {
    return world.broker.challenge(world.job, INSURER);
  }

  private static List<MeasuredEvent> events(LaunchStatement statement) {
    return List.of(
        MeasuredEvent.ofShim(statement.shim(), statement.isolation()),
        MeasuredEvent.ofApp(TestConsortium.APP));
  }

  private TpmDocument.Credential.Answer answer() {
    return world.credential(world.tpm, world.job, INSURER);
  }

  private static TpmDocument.Credential none() {
    return new TpmDocument.Credential.None();
  }

  private ByteString tpm(LaunchStatement statement, TpmDocument.Credential credential) {
    return world.tpm.document(statement, TestConsortium.APP, credential).encode();
  }

  private static TpmDocument with(TpmDocument right, ByteString key, ByteString signature) {
    return new TpmDocument(
        right.launch(),
        key,
        right.quote(),
        signature,
        right.pcrs(),
        right.events(),
        right.credential());
  }

  private static TpmDocument withPcrs(
      TpmDocument right,
      ByteString quote,
      ByteString signature,
      TreeMap<Integer, ByteString> pcrs) {
    return new TpmDocument(
        right.launch(),
        right.akPublic(),
        quote,
        signature,
        pcrs,
        right.events(),
        right.credential());
  }
}
