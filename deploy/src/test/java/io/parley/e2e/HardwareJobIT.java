package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.evidence.tsm.FakeTsmFolder;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs in confidential machines of both kinds: real nodes and a real broker, ada's node in a
 * made-up SEV-SNP guest and bob's in a made-up TDX guest, of made-up vendors.
 */
class HardwareJobIT {
  private static final byte AGREED = (byte) 0xab;
  private static final byte OTHER = (byte) 0xef;
  private static final int SNP_MEASUREMENT_AT = 0x90;
  private static final int TDX_MR_TD_AT = 136;
  private static final int TDX_QUOTE = 5;

  private static final FakeAmd AMD = FakeAmd.vcek(SnpProduct.MILAN);
  private static final FakeIntel INTEL =
      new FakeIntel(
          Instant.now().minus(Duration.ofDays(1)), Instant.now().plus(Duration.ofDays(20)));

  @TempDir static Path folder;
  private static FakeTsmFolder adasMachine;
  private static FakeTsmFolder bobsMachine;
  private static Party ada;
  private static Party bob;
  private static String digest;

  /** What the machines have measured. */
  private static volatile byte adasImage = AGREED;

  private static volatile byte bobsImage = AGREED;

  @BeforeAll
  static void start() throws Exception {
    Path drafts = Files.createDirectory(folder.resolve("drafts"));
    Path adasTsm = Files.createDirectory(folder.resolve("sev"));
    Path bobsTsm = Files.createDirectory(folder.resolve("td"));
    adasMachine =
        new FakeTsmFolder(
            adasTsm,
            drafts,
            "sev_guest",
            data ->
                Answer.of(
                    AMD.sign(AMD.unsigned(data).put(SNP_MEASUREMENT_AT, image(adasImage))),
                    AMD.certificateTable()));
    bobsMachine =
        new FakeTsmFolder(
            bobsTsm,
            drafts,
            "tdx_guest",
            data -> {
              ByteBuffer body = INTEL.body(TDX_QUOTE, data).put(TDX_MR_TD_AT, image(bobsImage));
              return Answer.of(INTEL.quote(TDX_QUOTE, body), ByteString.EMPTY);
            });
    Path collateral = Files.createDirectory(folder.resolve("intel"));
    for (ByteString answer : INTEL.answers(INTEL.tcbInfo())) {
      Files.write(Files.createTempFile(collateral, "answer", ""), answer.toByteArray());
    }
    List<Party> parties =
        Party.two(
            folder,
            "ada",
            "bob",
            "",
            Map.of(
                "ada",
                "enclave: {evidence: sev-snp, tsm: \"%s\"}%n".formatted(adasTsm),
                "bob",
                "enclave: {evidence: tdx, tsm: \"%s\", collateral: \"%s\"}%n"
                    .formatted(bobsTsm, collateral)));
    ada = parties.get(0);
    bob = parties.get(1);
    digest = agree();
  }

  @AfterAll
  static void stop() {
    bob.close();
    ada.close();
    bobsMachine.close();
    adasMachine.close();
  }

  private static byte[] image(byte value) {
    byte[] image = new byte[48];
    Arrays.fill(image, value);
    return image;
  }

  private static String agree() throws Exception {
    String signed =
        ada.agree(
            bob,
            """
            agreement: hardware
            parties: [ada, bob]
            app: sql
            datasets:
              t: {owner: ada, columns: {k: BIGINT}, released_to: [bob]}
              u: {owner: bob, columns: {k: BIGINT}}
            compute: [bob]
            results:
              out: {recipients: [ada], max_rows: 10}
            params:
              query: {value: "SELECT count(*) AS n FROM t JOIN u USING (k)"}
            environment:
              evidence: [sev-snp, tdx]
              tests: strict
              sev-snp:
                families: [milan]
                measurements: ["%s"]
                minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
                roots: {milan: "%s"}
              tdx:
                mr_td: ["%s"]
                rtmrs: {0: "%s", 1: "%s", 2: "%s", 3: "%s"}
                minimum_tcb_evaluation: 17
                roots: {intel: "%s"}
            changes: never
            expires: 2030-01-01
            max_jobs: 10
            """
                .formatted(
                    "ab".repeat(48),
                    AMD.root.fingerprint(),
                    "ab".repeat(48),
                    "cd".repeat(48),
                    "00".repeat(48),
                    "00".repeat(48),
                    "00".repeat(48),
                    INTEL.root.fingerprint()));
    Path t = Files.writeString(folder.resolve("t.csv"), "k\n1\n2\n3\n");
    Path u = Files.writeString(folder.resolve("u.csv"), "k\n2\n3\n4\n");
    ada.parley("--quiet", "dataset", "add", "t=" + t, "--agreement", signed);
    bob.parley("--quiet", "dataset", "add", "u=" + u, "--agreement", signed);
    return signed;
  }

  @BeforeEach
  void machinesAreAsAgreed() {
    adasImage = AGREED;
    bobsImage = AGREED;
  }

  @Test
  void keysAreReleasedToBothKindsOfMachine() throws Exception {
    int askedAdas = adasMachine.questions().size();
    int askedBobs = bobsMachine.questions().size();
    String job = ada.submit(digest);
    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
    assertThat(ada.parley("--quiet", "job", "result", job, "out", "--format", "csv").out().lines())
        .containsExactly("n", "2");

    assertThat(ada.parley("log", "show", "--job", job).out().lines())
        .anySatisfy(
            line -> assertThat(line).contains("grant", "ada", "sev-snp evidence", "keys of t "))
        .anySatisfy(
            line -> assertThat(line).contains("grant", "bob", "tdx evidence", "keys of t ", ", u "))
        .noneMatch(line -> line.contains("refuse"));
    assertThat(adasMachine.questions()).hasSizeGreaterThan(askedAdas).doesNotHaveDuplicates();
    assertThat(bobsMachine.questions()).hasSizeGreaterThan(askedBobs).doesNotHaveDuplicates();
  }

  @Test
  void anSnpGuestOfAnotherImageGetsNoKey() throws Exception {
    adasImage = OTHER;
    refused("ada", "sev-snp", "measurement");
  }

  @Test
  void aTdOfAnotherImageGetsNoKey() throws Exception {
    bobsImage = OTHER;
    refused("bob", "tdx", "mr_td");
  }

  private static void refused(String party, String kind, String claim) throws Exception {
    String job = ada.submit(digest);
    assertThat(ada.awaitEnd(job)).contains("FAILED", "EVIDENCE_MEASUREMENT_WRONG");
    assertThat(ada.run("job", "result", job, "out").exitCode()).isNotZero();
    assertThat(ada.parley("job", "explain", job).out())
        .contains(party, "EVIDENCE_MEASUREMENT_WRONG", claim, "ab".repeat(48), "ef".repeat(48));
    assertThat(ada.parley("log", "show", "--job", job).out().lines())
        .anySatisfy(
            line -> assertThat(line).contains("refuse", party, "EVIDENCE_MEASUREMENT_WRONG"))
        .noneMatch(line -> line.contains("grant") && line.contains(kind + " evidence"));
  }
}
