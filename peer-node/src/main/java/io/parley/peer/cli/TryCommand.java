package io.parley.peer.cli;

import io.parley.agreement.AgreementYaml;
import io.parley.peer.cli.output.ResultForm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "try",
    description = {
      "Rehearses an agreement on this machine: starts a throw-away key broker and one node per party,"
          + " each with its own enclave; makes identities, signs for everybody, adds the files, runs the"
          + " job, checks and prints the result; leaves nothing behind."
    },
    footer = {
      "It is the same code and the same isolation as for real; only the parties are made up. Evidence is",
      "SIMULATED, or of TPMs that are emulated: either protects against nobody who owns a host.",
      "",
      "Examples:",
      "  parley try agreement.yaml --data hospital:admissions=admissions.csv \\",
      "                            --data insurer:claims=claims.parquet",
      "  parley try agreement.yaml --data a:t=t.csv --data b:u=u.csv --param since=2026-01-01 --output json",
    })
final class TryCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE.yaml", description = "The agreement.")
  @Nullable Path agreement;

  @Option(
      names = "--data",
      paramLabel = "PARTY:DATASET=FILE",
      required = true,
      converter = DataFile.Converter.class,
      description = "A dataset's rows, CSV or Parquet. Once for each dataset of the agreement.")
  @Nullable List<DataFile> data;

  @Option(
      names = "--param",
      paramLabel = "NAME=VALUE",
      description = "A parameter that the agreement leaves to the job. Repeat for more.")
  @Nullable Map<String, String> parameters;

  @Option(
      names = "--app",
      paramLabel = "[STEP=]DIR|TAR",
      description =
          "An app of yours, its folder or packed; in a chain of one step's; repeat for more steps. Default:"
              + " one that comes with Parley, by its name.")
  @Nullable List<String> apps;

  @Option(
      names = "--format",
      paramLabel = "FORM",
      description = "Of the result: table, json, csv or arrow. Default: as --output.")
  @Nullable ResultForm format;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the result to this file. Default: stdout.")
  @Nullable Path out;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = EnclaveMemory.class,
      description = "What each enclave may use, for example 512MiB. Default: as a node has it.")
  @Nullable Long memory;

  @Option(
      names = "--relay",
      description = "Send data through the nodes instead of handing sockets to the enclaves.")
  boolean relay;

  @Option(
      names = "--evidence",
      paramLabel = "KIND",
      converter = RehearsedEvidence.Converter.class,
      description =
          "simulated, or tpm2: with an emulated TPM for each enclave (packages swtpm, swtpm-tools)."
              + " Default: simulated, unless the agreement accepts tpm2 and not simulated.")
  @Nullable RehearsedEvidence evidence;

  @Option(
      names = "--keys",
      paramLabel = "VAULT",
      defaultValue = "file",
      description =
          "Where the broker keeps its KEKs: file, or pkcs11 for a throw-away token of SoftHSM2."
              + " Default: ${DEFAULT-VALUE}.")
  BrokerKeys.Vault vault = BrokerKeys.Vault.FILE;

  @Option(
      names = "--gate",
      paramLabel = "PARTY[:STEP]=FOLDER",
      converter = GateData.Converter.class,
      description =
          "A verification set of that party's, for its gate; in a chain for one step's. Repeat for more; a job"
              + " draws one. Gates of parties without a set are left out.")
  @Nullable List<GateData> gates;

  @Option(
      names = "--keep",
      description = "Leave the folder with all homes and logs; the processes still end.")
  boolean keep;

  private final Session session;

  TryCommand(Session session) {
    this.session = session;
  }

  @Override
  public Integer call() throws Exception {
    Path file = java.util.Objects.requireNonNull(agreement);
    Rehearsal.Plan plan =
        new Rehearsal.Plan(
            AgreementYaml.parse(Files.readString(file), file.toString()),
            data == null ? List.of() : data,
            parameters == null ? Map.of() : parameters,
            new RehearsedApps(apps == null ? List.of() : apps),
            session.options().as,
            format == null ? ResultForm.of(session.options().output) : format,
            out,
            memory,
            relay,
            evidence,
            vault,
            keep,
            gates == null ? List.of() : gates,
            false);
    try (Rehearsal rehearsal = new Rehearsal(session, plan)) {
      return rehearsal.run();
    }
  }
}
