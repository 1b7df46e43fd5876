package io.parley.broker.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.agreement.platform.PolicyFile;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.policy.platform.PlatformCheck;
import io.parley.broker.policy.platform.PolicySource;
import io.parley.wire.ParleyException;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code evidence verify} and {@code evidence explain}. Exit codes: 0 genuine and allowed, 2 wrong
 * use, 3 refused.
 */
@Command(
    name = "evidence",
    description = "Judges evidence in files, with the vendors' own roots.",
    mixinStandardHelpOptions = true,
    subcommands = {
      EvidenceCommands.Verify.class,
      EvidenceCommands.Explain.class,
      BrokerEvidenceCommand.class
    })
public final class EvidenceCommands implements Runnable {
  private static final int OK = 0;
  private static final int REFUSED = 3;

  @Spec private @Nullable CommandSpec spec;

  private EvidenceCommands() {}

  @Override
  public void run() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(), "evidence what? verify or explain");
  }

  /** What both commands take. */
  abstract static class Judging implements Callable<Integer> {
    @Spec @Nullable CommandSpec spec;

    @Option(
        names = "--kind",
        required = true,
        paramLabel = "KIND",
        description = "sev-snp, tdx, nitro, tpm2, azure-vtpm or sgx.")
    private String kind = "";

    @Option(
        names = "--at",
        required = true,
        paramLabel = "INSTANT",
        description = "The time to judge at: 2024-06-01T00:00:00Z, 2024-06-01 or Unix seconds.")
    private String at = "";

    @Option(
        names = "--chain",
        paramLabel = "FILE",
        description = "Certificates that do not come inside the evidence.")
    private List<Path> chain = List.of();

    @Option(
        names = "--collateral",
        paramLabel = "FILE",
        description = "What the vendor publishes: TCB info, QE identity, revocation lists.")
    private List<Path> collateral = List.of();

    @Option(
        names = "--report-data",
        paramLabel = "HEX",
        description = "What the evidence must have been made over.")
    private @Nullable String reportData;

    @Option(
        names = "--policy",
        paramLabel = "FILE",
        description = "What is wanted of the platform, as YAML.")
    private @Nullable Path policy;

    @ArgGroup(exclusive = false)
    private @Nullable QuoteFiles quote;

    @Parameters(paramLabel = "FILE", description = "The evidence.")
    private @Nullable Path file;

    @Override
    public final Integer call() {
      CommandLine line = Objects.requireNonNull(spec).commandLine();
      EvidenceKind wanted =
          EvidenceKind.parse(kind)
              .orElseThrow(() ->
                  new ParameterException(
                      line, "--kind '%s' is none of %s".formatted(kind, EvidenceKind.all())));
      Instant instant = instant(line);
      if (!collateral.isEmpty() && !wanted.hasCollateral()) {
        throw new ParameterException(line, "there is no collateral for " + kind);
      }
      if (quote != null && wanted != EvidenceKind.TPM2) {
        throw new ParameterException(
            line, "--key, --signature and --pcrs are for a TPM's quote, not for " + kind);
      }
      if (!chain.isEmpty() && !wanted.hasChain()) {
        line.getErr().println("note: --chain is not used: there is none beside the evidence");
      }
      ExpectedReportData expected = expected(line);
      PlatformCheck platform = platform(line, wanted);
      try {
        EvidenceFiles files = files();
        Appraisal appraisal = new Appraiser(files, expected, instant).appraise(wanted, platform);
        return say(new Report(wanted, instant, expected, appraisal), line);
      } catch (IOException e) {
        throw new ParameterException(line, "cannot read: " + e.getMessage(), e);
      } catch (RefusedException e) {
        line.getErr().printf("refused: %s: %s%n", e.reason(), e.getMessage());
        return REFUSED;
      }
    }

    private EvidenceFiles files() throws IOException {
      EvidenceFiles files = EvidenceFiles.read(Objects.requireNonNull(file), chain, collateral);
      return quote == null ? files : files.with(quote.read());
    }

    abstract void show(Report report, PrintWriter out);

    private int say(Report report, CommandLine line) {
      show(report, line.getOut());
      line.getOut().flush();
      report.notes().forEach(note -> line.getErr().println("note: " + note));
      report.refusals().forEach(refusal -> line.getErr().println("refused: " + refusal));
      line.getErr().flush();
      return report.allowed() ? OK : REFUSED;
    }

    private Instant instant(CommandLine line) {
      try {
        if (at.matches("[0-9]{1,12}")) {
          return Instant.ofEpochSecond(Long.parseLong(at));
        }
        return at.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")
            ? LocalDate.parse(at).atStartOfDay(ZoneOffset.UTC).toInstant()
            : Instant.parse(at);
      } catch (DateTimeException e) {
        throw new ParameterException(
            line, "--at '%s' is no time such as 2024-06-01T00:00:00Z".formatted(at), e);
      }
    }

    private ExpectedReportData expected(CommandLine line) {
      String digits = reportData;
      if (digits == null) {
        return new ExpectedReportData.Unchecked("no --report-data was given");
      }
      try {
        return new ExpectedReportData.Exactly(ByteString.copyFrom(HexFormat.of().parseHex(digits)));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(line, "--report-data is not hex digits", e);
      }
    }

    private @Nullable PlatformCheck platform(CommandLine line, EvidenceKind wanted) {
      Path from = policy;
      if (from == null) {
        return null;
      }
      if (wanted.policy() == null) {
        throw new ParameterException(line, "there are no policies for " + kind);
      }
      try {
        PolicyFile read = PlatformYaml.load(from);
        String about = read.policy().kind();
        if (!about.equals(wanted.policy())) {
          throw new ParameterException(
              line,
              "%s is a policy for %s; %s needs one for %s"
                  .formatted(from, about, kind, wanted.policy()));
        }
        return PlatformCheck.of(read.policy(), PolicySource.file(read, from.toString()));
      } catch (ParleyException e) {
        throw new ParameterException(line, String.valueOf(e.getMessage()), e);
      }
    }
  }

  /** Prints the claims. */
  @Command(
      name = "verify",
      description = "Prints the claims as JSON when the evidence is genuine and allowed.",
      mixinStandardHelpOptions = true)
  static final class Verify extends Judging {
    @Override
    void show(Report report, PrintWriter out) {
      if (report.allowed()) {
        out.println(report.json());
      }
    }
  }

  /** Prints every comparison. */
  @Command(
      name = "explain",
      description = "Shows expected, seen and source, claim by claim.",
      mixinStandardHelpOptions = true)
  static final class Explain extends Judging {
    @Override
    void show(Report report, PrintWriter out) {
      report.table().forEach(out::println);
    }
  }
}
