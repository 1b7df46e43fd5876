package io.parley.peer.cli;

import io.parley.peer.cli.output.ResultForm;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "result",
    description = "Sealed result files. 'parley job result' fetches and opens in one step.",
    footer = {"Example:", "  parley result open summary.sealed --format csv -o summary.csv"})
final class ResultCommands {
  private final Session session;

  ResultCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "open",
      description = "Opens a sealed result file with your party's key, on this machine alone.",
      footer = {
        "Whoever is no recipient is refused: the file holds the key sealed to each recipient, and to",
        "nobody else.",
        "",
        "Examples:",
        "  parley result open summary.sealed",
        "  parley result open summary.sealed --format csv -o summary.csv",
      })
  int open(
      @Parameters(paramLabel = "FILE", description = "As 'parley job result --sealed' wrote it.")
          Path sealed,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Write to this file. Default: stdout.")
          @Nullable Path file,
      @Option(
              names = "--format",
              paramLabel = "FORM",
              description = "table, json, csv or arrow. Default: as --output.")
          @Nullable ResultForm form)
      throws IOException {
    new Results(session, session.party(), null)
        .openFile(sealed, form == null ? ResultForm.of(session.options().output) : form, file);
    return ExitCode.OK;
  }
}
