package io.parley.broker.cli;

import static java.util.Locale.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.azure.FakeAzure;
import io.parley.broker.evidence.collateral.VendorFile;
import io.parley.broker.evidence.nitro.FakeAws;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands over files of made-up vendors, whose roots the policy names. */
final class EvidenceCommandsTest {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final String REPORT_DATA_HEX = "00".repeat(64);
  private static final FakeAmd AMD = FakeAmd.vcek(SnpProduct.MILAN);
  private static final FakeAws AWS = new FakeAws();

  @TempDir Path folder;

  /** What a command did. */
  private record Ran(int code, String out, String err) {}

  @Test
  void printsTheClaimsOfWhatIsGenuineAndAllowed() throws IOException {
    Ran ran = snp("verify", snpPolicy("refused"), AMD.report(REPORT_DATA));
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    var json = new JsonMapper().readTree(ran.out());
    assertThat(json.path("kind").asText()).isEqualTo("sev-snp");
    assertThat(json.path("measurement").asText()).isEqualTo("ab".repeat(48));
    assertThat(json.path("not_compared")).isEmpty();
  }

  @Test
  void readsEveryFormThatVendorsPublish() throws IOException {
    ByteString report = AMD.report(REPORT_DATA);
    String hex = HexFormat.of().formatHex(report.toByteArray());
    for (String text :
        List.of(
            hex,
            "0x" + hex + "\n",
            "\ufeff0X " + hex.substring(0, 64) + "\r\n\t" + hex.substring(64) + " \n",
            "\ufeff" + Base64.getEncoder().encodeToString(report.toByteArray()),
            "\ufeff-----BEGIN REPORT-----\r\n"
                + Base64.getMimeEncoder().encodeToString(report.toByteArray())
                + "\r\n-----END REPORT-----\r\n",
            hex.toUpperCase(ROOT),
            Base64.getEncoder().encodeToString(report.toByteArray()),
            Base64.getMimeEncoder().encodeToString(report.toByteArray()) + "\n",
            Base64.getUrlEncoder().encodeToString(report.toByteArray()),
            "-----BEGIN REPORT-----\n"
                + Base64.getMimeEncoder().encodeToString(report.toByteArray())
                + "\n-----END REPORT-----\n")) {
      assertThat(snp("verify", snpPolicy("refused"), ByteString.copyFromUtf8(text)).code())
          .isZero();
    }
  }

  @Test
  void refusesADebugGuestUnlessThePolicyAllowsIt() throws IOException {
    ByteString open = AMD.sign(AMD.unsigned(REPORT_DATA).putLong(8, 0xb0000));
    Ran refused = snp("verify", snpPolicy("refused"), open);
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).startsWith("refused: EVIDENCE_DEBUG: debug: ");
    assertThat(snp("verify", snpPolicy("allowed"), open).code()).isZero();
  }

  @Test
  void holdsAMachineToTheMinimumOfItsFamily() throws IOException {
    String one = "minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}";
    String each =
        """
        minimum_tcb:
          genoa: {bootloader: 9, tee: 9, snp: 99, microcode: 255}
          milan: {bootloader: 4, tee: 1, snp: %d, microcode: 209}\
        """;
    Path policy = Path.of(snpPolicy("refused"));
    String text = Files.readString(policy).replace("[milan]", "[milan, genoa]");
    Files.writeString(policy, text.replace(one, each.formatted(20)));
    ByteString report = AMD.report(REPORT_DATA);
    Ran ran = snp("explain", policy.toString(), report);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .containsPattern("tcb +HOLDS +at least fmc 0, bootloader 4, tee 1, snp 20");
    Files.writeString(policy, text.replace(one, each.formatted(99)));
    Ran refused = snp("verify", policy.toString(), report);
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err())
        .startsWith("refused: EVIDENCE_TCB_OUTDATED: tcb: ")
        .contains("expected at least fmc 0, bootloader 4, tee 1, snp 99");
    Files.writeString(policy, text.replace(one, each.formatted(20).replace("genoa", "turin")));
    assertThat(snp("verify", policy.toString(), report).err())
        .contains("minimum_tcb.turin: is not among 'families'", "'genoa' is missing");
  }

  @Test
  void tellsEveryDifferenceAtOnce() throws IOException {
    ByteString wrong =
        AMD.sign(AMD.unsigned(REPORT_DATA).putLong(8, 0xb0000).putInt(0x30, 3).put(0x90, (byte) 1));
    Ran refused = snp("verify", snpPolicy("refused"), wrong);
    assertThat(refused.err())
        .contains("EVIDENCE_DEBUG")
        .contains("EVIDENCE_VMPL_WRONG: vmpl:")
        .contains("EVIDENCE_MEASUREMENT_WRONG: measurement:")
        .contains("expected " + "ab".repeat(48));
  }

  @Test
  void explainsClaimByClaim() throws IOException {
    Ran ran = snp("explain", snpPolicy("refused"), AMD.report(REPORT_DATA));
    assertThat(ran.code()).isZero();
    assertThat(ran.out().lines().toList().getFirst())
        .matches("CLAIM +OUTCOME +EXPECTED +SEEN +SOURCE");
    assertThat(ran.out())
        .containsPattern("debug +HOLDS +false +false +\\S+policy.yaml")
        .containsPattern("migratable +HOLDS +false +false +default")
        .containsPattern("measurement +HOLDS +(ab){48} +(ab){48} +\\S+policy.yaml");
    Ran refused =
        snp("explain", snpPolicy("refused"), AMD.report(REPORT_DATA), "--report-data", "01");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.out()).containsPattern("report_data +EVIDENCE_REPORT_DATA_WRONG +01 +0+");
  }

  @Test
  void saysWhatNobodyCompared() throws IOException {
    Ran ran =
        run(
            "verify",
            "--kind",
            "nitro",
            "--at",
            FakeAuthority.NOW.toString(),
            "--policy",
            text("policy.yaml", nitroPolicy()).toString(),
            bytes("evidence", AWS.document(REPORT_DATA)).toString());
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEqualTo("note: not compared with anything: report_data\n");
  }

  @Test
  void refusesWithoutThePolicyThatNamesTheRoot() throws IOException {
    Ran ran =
        run(
            "verify",
            "--kind",
            "nitro",
            "--at",
            FakeAuthority.NOW.toString(),
            bytes("evidence", AWS.document(REPORT_DATA)).toString());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("EVIDENCE_ROOT_UNKNOWN");
  }

  @Test
  void trustsAKeyOfATpmByNameOnly() throws IOException {
    FakeTpm tpm = FakeTpm.ecc();
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    String evidence =
        """
        {"ak_public": "%s", "tpm_quote": {"message": "%s", "signature": "%s", "pcrs": ["%s"]}}
        """
            .formatted(
                hex(tpm.area()),
                hex(attest),
                hex(tpm.sign(attest)),
                String.join(
                    "\", \"", FakeTpm.pcrs().stream().map(EvidenceCommandsTest::hex).toList()));
    String[] rest = {
      "--kind",
      "tpm2",
      "--at",
      FakeAuthority.NOW.toString(),
      text("evidence.json", evidence).toString()
    };
    Ran refused = run(with(rest, "verify"));
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("EVIDENCE_ATTESTATION_KEY_UNBOUND: could not be checked");
    String policy =
        """
        kind: tpm2
        attestation_keys: ["%s"]
        pcrs: {0: "%s", 7: "%s", 11: "%s"}
        """
            .formatted(tpm.key().fingerprint(), "01".repeat(32), "02".repeat(32), "03".repeat(32));
    Ran good = run(with(rest, "verify", "--policy", text("tpm.yaml", policy).toString()));
    assertThat(good.err()).doesNotContain("refused");
    assertThat(good.code()).isZero();
    Ran other =
        run(
            with(
                rest,
                "verify",
                "--policy",
                text("tpm2.yaml", policy.replace("02".repeat(32), "04".repeat(32))).toString()));
    assertThat(other.err()).contains("EVIDENCE_PCR_WRONG: pcrs.7:");
  }

  /** The policy is about the report; nobody compares registers, and that is said. */
  @Test
  void judgesAVirtualTpmByTheReportThatHoldsItsKey() throws IOException {
    String policy = snpPolicy("refused");
    FakeAzure azure = new FakeAzure(AMD);
    Path evidence = bytes("evidence.json", azure.evidence(new byte[] {7}));
    Ran ran = azure("verify", policy, "07", evidence);
    assertThat(ran.code()).as(ran.err()).isZero();
    var json = new JsonMapper().readTree(ran.out());
    assertThat(json.path("kind").asText()).isEqualTo("azure-vtpm");
    assertThat(json.path("report").path("measurement").asText()).isEqualTo("ab".repeat(48));
    assertThat(json.path("quote").path("extra_data").asText()).isEqualTo("07");
    assertThat(ran.err()).contains("not compared with anything").contains("pcr_selection");
    assertThat(azure("verify", policy, "08", evidence).err())
        .contains("EVIDENCE_REPORT_DATA_WRONG: extra_data:");
    Path open =
        bytes(
            "open.json",
            azure.evidence(
                azure.hcl(azure.data(), report -> report.putLong(8, 0xb0000)),
                azure.tpm,
                new byte[] {7}));
    assertThat(azure("verify", policy, "07", open).err()).contains("EVIDENCE_DEBUG: debug:");
    assertThat(azure("explain", policy, "07", evidence).out())
        .containsPattern("anchor +NOT_COMPARED +anything +azure-hcl")
        .containsPattern("measurement +HOLDS");
    assertThat(azure("verify", text("nitro.yaml", nitroPolicy()).toString(), "07", evidence).err())
        .contains("azure-vtpm needs one for sev-snp");
  }

  private Ran azure(String command, String policy, String reportData, Path evidence)
      throws IOException {
    return run(
        command,
        "--kind",
        "azure-vtpm",
        "--at",
        FakeAuthority.NOW.toString(),
        "--policy",
        policy,
        "--report-data",
        reportData,
        "--chain",
        pem("chain.pem", AMD.chain().get(1), AMD.chain().get(2)).toString(),
        evidence.toString());
  }

  @Test
  void readsTheFilesOfTpm2Tools() throws IOException {
    String[] quote = {
      "--kind",
      "tpm2",
      "--at",
      FakeAuthority.NOW.toString(),
      "--key",
      sample("ecdsa.pem"),
      "--signature",
      sample("ecdsa.sig"),
      "--report-data",
      "0102030405"
    };
    Ran incomplete = run(with(quote, "verify", sample("ecdsa.msg")));
    assertThat(incomplete.code()).isEqualTo(2);
    assertThat(incomplete.err()).contains("--pcrs");
    String[] all = with(quote, "verify", "--pcrs", sample("ecdsa.pcrs"), sample("ecdsa.msg"));
    assertThat(run(all).err()).contains("EVIDENCE_ATTESTATION_KEY_UNBOUND: could not be checked");
    TpmKey key = TpmKey.parse(VendorFile.bytes(Path.of(sample("ecdsa.pem"))));
    String policy =
        """
        kind: tpm2
        attestation_keys: ["%s"]
        pcrs: {0: "%s", 7: "%s", 11: "%s"}
        """
            .formatted(
                key.fingerprint(),
                "00".repeat(32),
                // Zeros, extended with the SHA-256 of "boot".
                Digest.of(
                        ByteString.copyFrom(new byte[32])
                            .concat(Digest.of(ByteString.copyFromUtf8("boot")).value()))
                    .hex(),
                "00".repeat(32));
    Ran good =
        run(
            with(
                quote,
                "verify",
                "--pcrs",
                sample("ecdsa.pcrs"),
                "--policy",
                text("tools.yaml", policy).toString(),
                sample("ecdsa.msg")));
    assertThat(good.err()).isEmpty();
    assertThat(good.code()).isZero();
    assertThat(good.out()).contains(key.fingerprint().toString());
  }

  @Test
  void partsOfAQuoteAreForTpmsOnly() {
    Ran ran =
        run(
            "verify",
            "--kind",
            "nitro",
            "--at",
            "2026-06-01",
            "--key",
            sample("ecdsa.pem"),
            "--signature",
            sample("ecdsa.sig"),
            "--pcrs",
            sample("ecdsa.pcrs"),
            sample("ecdsa.msg"));
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("are for a TPM's quote, not for nitro");
  }

  private static String sample(String name) {
    return Path.of("src/test/resources/tpm2-tools", name).toString();
  }

  @Test
  void collateralThatHoldsNoneIsNotTheSameAsNone() throws IOException {
    Ran ran =
        snp(
            "verify",
            snpPolicy("refused"),
            AMD.report(REPORT_DATA),
            "--collateral",
            pem("collateral.pem", AMD.root.certificate()).toString());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("EVIDENCE_COLLATERAL_MISSING: could not be checked");
  }

  @Test
  void readsTheTableThatAHostGivesItsGuests() throws IOException {
    ByteString table = AMD.certificateTable();
    String policy =
        text("strict.yaml", snpPolicyText("refused").replace("revocation: not_required\n", ""))
            .toString();
    Ran ran = withChain("verify", policy, bytes("auxblob", table));
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("\"revocation\" : \"CHECKED\"");
    assertThat(
            withChain(
                    "verify",
                    policy,
                    text("auxblob.hex", "\ufeff0X" + hex(table).toUpperCase(ROOT)))
                .code())
        .isZero();
    for (int size = 0; size < table.size(); size += size < 160 ? 1 : 97) {
      Ran cut = withChain("verify", policy, bytes("cut", table.substring(0, size)));
      assertThat(cut.code()).as("cut to %d bytes", size).isIn(2, 3);
    }
  }

  @Test
  void refusesATableOfSomebodyElses() throws IOException {
    Ran ran =
        withChain(
            "verify",
            snpPolicy("refused"),
            bytes("auxblob", FakeAmd.vcek(SnpProduct.MILAN).certificateTable()));
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("EVIDENCE_ROOT_UNKNOWN");
  }

  /** As {@code curl --dump-header} keeps them, or the value by itself. */
  @Test
  void readsChainsFromTheHeadOfAnAnswer() throws IOException {
    String chain = Files.readString(pem("chain.pem", AMD.chain().toArray(new X509Certificate[0])));
    String escaped = java.net.URLEncoder.encode(chain, StandardCharsets.UTF_8).replace("+", "%20");
    assertThat(escaped).contains("%2B", "%0A", "%3D");
    for (String head :
        List.of(
            escaped,
            "\ufeff" + escaped,
            escaped.replace("%2B", "%2b").replace("%0A", "%0a"),
            "HTTP/1.1 200 OK\r\nRequest-ID: 100%25%\r\nSGX-PCK-Certificate-Issuer-Chain: "
                + escaped
                + "\r\nContent-Type: application/json\r\n\r\n")) {
      Ran ran = withChain("verify", snpPolicy("refused"), text("head", head));
      assertThat(ran.err()).isEmpty();
      assertThat(ran.code()).isZero();
    }
    for (String wrong :
        List.of(
            escaped.replaceFirst("%0A", "%0"),
            escaped.replaceFirst("%0A", "%"),
            escaped.replaceFirst("%0A", "%00"),
            escaped.replaceFirst("%0A", "%E9"),
            escaped.replace("%2B", "%252B"),
            escaped.replace("%2B", "%20"),
            escaped.replaceFirst("-----END%20", "-----END+"),
            escaped.substring(0, escaped.length() - 9))) {
      Ran ran = withChain("verify", snpPolicy("refused"), text("head", wrong));
      assertThat(ran.code()).isIn(2, 3);
    }
  }

  private Ran withChain(String command, String policy, Path chain) throws IOException {
    return run(
        command,
        "--kind",
        "sev-snp",
        "--at",
        FakeAuthority.NOW.toString(),
        "--policy",
        policy,
        "--report-data",
        REPORT_DATA_HEX,
        "--chain",
        chain.toString(),
        bytes("evidence", AMD.report(REPORT_DATA)).toString());
  }

  @Test
  void refusesPemThatIsNotWhole() throws IOException {
    String whole = Files.readString(pem("chain.pem", AMD.root.certificate()));
    Ran ran =
        snp(
            "verify",
            snpPolicy("refused"),
            AMD.report(REPORT_DATA),
            "--chain",
            text("cut.pem", whole.substring(0, whole.length() - 5)).toString());
    assertThat(ran.code()).isEqualTo(2);
  }

  @Test
  void wrongUseIsNoRefusal() throws IOException {
    Path file = bytes("evidence", AMD.report(REPORT_DATA));
    String at = FakeAuthority.NOW.toString();
    for (String[] arguments :
        new String[][] {
          {},
          {"verify"},
          {"verify", "--kind", "sgx1", "--at", at, file.toString()},
          {
            "verify", "--kind", "sgx", "--at", at, "--policy", snpPolicy("refused"), file.toString()
          },
          {"verify", "--kind", "tdx", "--at", "tomorrow", file.toString()},
          {"verify", "--kind", "tdx", "--at", at},
          {"verify", "--kind", "tdx", "--at", at, folder.resolve("missing").toString()},
          {"verify", "--kind", "tdx", "--at", at, "--report-data", "0g", file.toString()},
          {
            "verify", "--kind", "tdx", "--at", at, "--policy", snpPolicy("refused"), file.toString()
          },
          {
            "verify",
            "--kind",
            "nitro",
            "--at",
            at,
            "--collateral",
            file.toString(),
            file.toString()
          },
          {"explain", "--kind", "tdx", "--at", at, "--colour", file.toString()},
        }) {
      Ran ran = run(arguments);
      assertThat(ran.code()).as(String.join(" ", arguments)).isEqualTo(2);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err()).isNotBlank();
    }
  }

  private Ran snp(String command, String policy, ByteString evidence, String... more)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command,
                "--kind",
                "sev-snp",
                "--at",
                FakeAuthority.NOW.toString(),
                "--policy",
                policy,
                "--chain",
                pem("leaf.pem", AMD.chain().getFirst()).toString(),
                "--chain",
                pem("chain.pem", AMD.chain().get(1), AMD.chain().get(2)).toString()));
    if (!List.of(more).contains("--report-data")) {
      arguments.addAll(List.of("--report-data", REPORT_DATA_HEX));
    }
    arguments.addAll(List.of(more));
    arguments.add(bytes("evidence", evidence).toString());
    return run(arguments.toArray(String[]::new));
  }

  private String snpPolicy(String debug) throws IOException {
    return text("policy.yaml", snpPolicyText(debug)).toString();
  }

  private static String snpPolicyText(String debug) {
    return """
    kind: sev-snp
    families: [milan]
    measurements: [%s]
    minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
    debug: %s
    revocation: not_required
    roots: {milan: "%s"}
    """
        .formatted("ab".repeat(48), debug, AMD.root.fingerprint());
  }

  private static String nitroPolicy() {
    String rest = "00".repeat(47);
    return """
    kind: nitro
    pcrs: {0: "01%s", 1: "02%s", 2: "03%s"}
    roots: {fake: "%s"}
    """
        .formatted(rest, rest, rest, AWS.root.fingerprint());
  }

  private static Ran run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(EvidenceCommands.class)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Ran(code, out.toString(), err.toString());
  }

  private static String[] with(String[] rest, String... first) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(rest));
    return all.toArray(String[]::new);
  }

  private Path pem(String name, X509Certificate... certificates) throws IOException {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        pem.append("-----BEGIN CERTIFICATE-----\n")
            .append(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()))
            .append("\n-----END CERTIFICATE-----\n");
      } catch (CertificateEncodingException e) {
        throw new AssertionError(e);
      }
    }
    return text(name, pem.toString());
  }

  private Path text(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text, StandardCharsets.UTF_8);
  }

  private Path bytes(String name, ByteString bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes.toByteArray());
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
