package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.evidence.tsm.FakeTsmFolder;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Agreements that demand evidence of the broker's own, with real nodes and a real broker in a
 * made-up SEV-SNP guest of a made-up vendor.
 */
class BrokerEvidenceIT {
  private static final byte AGREED = (byte) 0xab;
  private static final byte OTHER = (byte) 0xcd;
  private static final int MEASUREMENT_AT = 0x90;
  private static final FakeAmd VENDOR = FakeAmd.vcek(SnpProduct.MILAN);

  @TempDir static Path folder;
  private static FakeTsmFolder machine;
  private static Party ada;
  private static Party bob;

  /** What the broker's machine has measured. */
  private static volatile byte measured = AGREED;

  @BeforeAll
  static void start() throws Exception {
    Path tsm = Files.createDirectory(folder.resolve("tsm"));
    machine =
        new FakeTsmFolder(
            tsm,
            Files.createDirectory(folder.resolve("drafts")),
            "sev_guest",
            data -> Answer.of(VENDOR.sign(report(data)), VENDOR.certificateTable()));
    List<Party> parties =
        Party.two(
            folder, "ada", "bob", "own_evidence: {kind: sev-snp, tsm: \"%s\"}%n".formatted(tsm));
    ada = parties.get(0);
    bob = parties.get(1);
  }

  @AfterAll
  static void stop() {
    bob.close();
    ada.close();
    machine.close();
  }

  private static ByteBuffer report(byte[] data) {
    byte[] measurement = new byte[48];
    Arrays.fill(measurement, measured);
    return VENDOR.unsigned(data).put(MEASUREMENT_AT, measurement);
  }

  private static String agreement(String name, byte measurement) {
    return """
    agreement: %s
    parties: [ada, bob]
    broker:
      key: local
      evidence:
        sev-snp:
          families: [milan]
          measurements: ["%s"]
          minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
          roots: {milan: "%s"}
    app: sql
    datasets:
      t: {owner: ada, columns: {k: BIGINT}, released_to: [bob]}
      u: {owner: bob, columns: {k: BIGINT}}
    compute: [bob]
    results:
      out: {recipients: [ada], max_rows: 10}
    params:
      query: {value: "SELECT count(*) AS n FROM t JOIN u USING (k)"}
    environment: {evidence: [simulated], tests: strict}
    changes: never
    expires: 2030-01-01
    max_jobs: 10
    """
        .formatted(name, "%02x".formatted(measurement).repeat(48), VENDOR.root.fingerprint());
  }

  /** Both sign it while the machine shows what it demands, and have their data ready. */
  private static String agree(String name, byte measurement) throws Exception {
    measured = measurement;
    String digest = ada.agree(bob, agreement(name, measurement));
    Path t = Files.writeString(folder.resolve("t.csv"), "k\n1\n2\n3\n");
    Path u = Files.writeString(folder.resolve("u.csv"), "k\n2\n3\n4\n");
    ada.parley("--quiet", "dataset", "add", "t=" + t, "--agreement", digest, "--replace");
    bob.parley("--quiet", "dataset", "add", "u=" + u, "--agreement", digest, "--replace");
    return digest;
  }

  @Test
  void aJobRunsWhereTheBrokerRunsAsDemanded() throws Exception {
    String digest = agree("as-demanded", AGREED);
    assertThat(bob.parley("broker", "verify", digest).out())
        .contains("\"measurement\" : \"" + "ab".repeat(48));
    assertThat(bob.parley("broker", "verify", digest, "--explain").out())
        .contains("CLAIM", "measurement", "HOLDS", "agreement");
    String job = ada.submit(digest);
    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
    assertThat(ada.parley("--quiet", "job", "result", job, "out", "--format", "csv").out().lines())
        .containsExactly("n", "2");
  }

  @Test
  void nobodySignsForABrokerThatRunsElsewhere() throws Exception {
    measured = AGREED;
    Path file = Files.writeString(folder.resolve("elsewhere.yaml"), agreement("elsewhere", OTHER));
    refused(ada.run("agreement", "propose", file.toString(), "--yes"));
    // Who proposes it unsigned is not asked; who is to sign it then is.
    String digest =
        Party.field(
            "digest",
            ada.parley(
                "--quiet",
                "--output",
                "json",
                "agreement",
                "propose",
                file.toString(),
                "--unsigned"));
    refused(bob.run("agreement", "sign", digest, "--yes"));
    refused(bob.run("broker", "verify", digest));
  }

  private static void refused(Command.Result result) {
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.err())
        .contains("BROKER_EVIDENCE_WRONG", "EVIDENCE_MEASUREMENT_WRONG", "measurement")
        .contains("expected " + "cd".repeat(48), "seen " + "ab".repeat(48));
  }

  @Test
  void whoSubmitsAndWhoJoinsLooksForItself() throws Exception {
    String digest = agree("moved", OTHER);
    measured = AGREED;
    refused(ada.run("job", "submit", digest));
    // A node that has just seen it where it should be believes that for a while; the other looks.
    measured = OTHER;
    ada.parley("job", "submit", digest, "--validate-only");
    measured = AGREED;
    String job = ada.submit(digest);
    assertThat(ada.awaitEnd(job)).contains("FAILED", "BROKER_EVIDENCE_WRONG", "\"bob\"");
  }

  @Test
  void withoutADemandItIsOnlyLookedAt() throws Exception {
    Command.Result result = ada.run("broker", "verify");
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.err()).contains("EVIDENCE_ROOT_UNKNOWN");
  }
}
