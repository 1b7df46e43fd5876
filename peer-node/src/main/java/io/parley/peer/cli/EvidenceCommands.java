package io.parley.peer.cli;

import io.parley.peer.cli.process.Distribution;
import io.parley.peer.cli.process.ForegroundJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Evidence is judged by the key broker's program: this starts it, and is it until it ends. */
@Command(
    name = "evidence",
    description = "What a platform signed, in files: judged as the key broker judges it.",
    footer = {
      "Needs no home and no network: the vendors' roots are built in.",
      "",
      "Example:",
      "  parley evidence verify --kind tdx --at 2026-06-01T00:00:00Z --collateral tcb.json quote.bin",
    })
final class EvidenceCommands {
  private static final String BROKER_MAIN = "io.parley.broker.Main";
  private static final String HEAP = "256m";

  /** What both commands take. */
  static final class Judging {
    @Option(
        names = "--kind",
        paramLabel = "KIND",
        required = true,
        description = "sev-snp, tdx, nitro, tpm2, azure-vtpm or sgx.")
    String kind = "";

    @Option(
        names = "--at",
        paramLabel = "INSTANT",
        required = true,
        description = "The time to judge at: 2026-06-01T00:00:00Z, 2026-06-01 or Unix seconds.")
    String at = "";

    @Option(
        names = "--chain",
        paramLabel = "FILE",
        description = "Certificates that do not come inside the evidence. Repeat for more.")
    List<Path> chain = List.of();

    @Option(
        names = "--collateral",
        paramLabel = "FILE",
        description =
            "What the vendor publishes: TCB info, QE identity, revocation lists. Repeat for more.")
    List<Path> collateral = List.of();

    @Option(
        names = "--report-data",
        paramLabel = "HEX",
        description = "What the evidence must have been made over.")
    @Nullable String reportData;

    @Option(
        names = "--policy",
        paramLabel = "FILE.yaml",
        description = "What is wanted of the platform. Default: genuine, and not open to its host.")
    @Nullable Path policy;

    @Option(
        names = "--key",
        paramLabel = "FILE",
        description =
            "For tpm2, with --signature and --pcrs: the attestation key, PEM or as the TPM describes it.")
    @Nullable Path key;

    @Option(
        names = "--signature",
        paramLabel = "FILE",
        description = "For tpm2: what tpm2_quote -s wrote.")
    @Nullable Path signature;

    @Option(
        names = "--pcrs",
        paramLabel = "FILE",
        description = "For tpm2: what tpm2_quote -o wrote.")
    @Nullable Path pcrs;

    @Parameters(
        paramLabel = "FILE",
        description = "The evidence: raw, hex digits, base64, DER or PEM.")
    Path file = Path.of("");

    private List<String> arguments() {
      List<String> arguments = new ArrayList<>(List.of("--kind=" + kind, "--at=" + at));
      chain.forEach(each -> arguments.add("--chain=" + each));
      collateral.forEach(each -> arguments.add("--collateral=" + each));
      add(arguments, "--report-data", reportData);
      add(arguments, "--policy", policy);
      add(arguments, "--key", key);
      add(arguments, "--signature", signature);
      add(arguments, "--pcrs", pcrs);
      arguments.addAll(List.of("--", file.toString()));
      return arguments;
    }

    private static void add(List<String> arguments, String option, @Nullable Object value) {
      if (value != null) {
        arguments.add(option + "=" + value);
      }
    }
  }

  @Command(
      name = "verify",
      description = {
        "Prints the claims as JSON when the evidence is genuine and allowed; refuses with exit code 3"
            + " and says why on standard error."
      },
      footer = {
        "Examples:",
        "  parley evidence verify --kind nitro --at 2026-06-01T09:30:00Z document.bin",
        "  parley evidence verify --kind sev-snp --at 2026-06-01T00:00:00Z \\",
        "      --chain vcek.der --chain milan.pem --policy milan.yaml report.bin",
      })
  int verify(@Mixin Judging judging) throws InterruptedException {
    return run("verify", judging);
  }

  @Command(
      name = "explain",
      description = "Shows what was expected, what was seen and where from, claim by claim.",
      footer = {
        "The exit code is that of 'verify'.",
        "",
        "Example:",
        "  parley evidence explain --kind tdx --at 2026-06-01T00:00:00Z --policy tdx.yaml quote.bin",
      })
  int explain(@Mixin Judging judging) throws InterruptedException {
    return run("explain", judging);
  }

  private static int run(String command, Judging judging) throws InterruptedException {
    List<String> all = new ArrayList<>(Distribution.find().brokerCommand(BROKER_MAIN, HEAP));
    all.addAll(List.of("evidence", command));
    all.addAll(judging.arguments());
    return ForegroundJvm.run("the key broker", all);
  }
}
