package io.parley.peer.cli;

import io.parley.peer.cli.output.RowWriter;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.Decision;
import io.parley.wire.Digest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "audit",
    description = "The broker's append-only record of its decisions about your agreements.",
    footer = {"Example:", "  parley audit list --job 5b1e77aa"})
final class AuditCommands {
  private static final int SHORT_DIGITS = 12;

  private final Session session;

  AuditCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "list",
      description = "Decisions, oldest first. Each one's hash covers the one before it.",
      footer = {
        "Expected and seen values of a refusal are shown to the owner of the data concerned.",
        "",
        "Examples:",
        "  parley audit list",
        "  parley audit list --job 5b1e77aa --output json",
      })
  int list(
      @Option(names = "--job", paramLabel = "JOB", description = "Only this job's.")
          @Nullable String job) {
    String id = job == null ? "" : session.node().findJob(job);
    boolean table = session.options().output == io.parley.peer.cli.output.OutputFormat.TABLE;
    try (RowWriter writer = session.options().output.writer(session.terminal().out())) {
      writer.begin(
          List.of(
              Column.number("sequence"),
              Column.text("at"),
              Column.text("action"),
              Column.text("party"),
              Column.text("agreement"),
              Column.text("job"),
              Column.text("reason"),
              Column.text("detail"),
              Column.text("hash")));
      session.broker().decisions(id, decision -> writer.row(row(decision, table)));
    }
    return ExitCode.OK;
  }

  private static List<@Nullable Object> row(Decision decision, boolean shortened) {
    String agreement =
        decision.getAgreementSha256().isEmpty()
            ? ""
            : new Digest(decision.getAgreementSha256()).hex();
    String hash = HexFormat.of().formatHex(decision.getHash().toByteArray());
    return Arrays.asList(
        decision.getSequence(),
        JobViews.time(decision.hasAt(), decision.getAt()),
        decision.getAction(),
        decision.getParty(),
        shortened ? first(agreement) : agreement,
        shortened ? first(decision.getJobId()) : decision.getJobId(),
        decision.getReason(),
        decision.getDetail(),
        shortened ? first(hash) : hash);
  }

  private static String first(String text) {
    return text.substring(0, Math.min(SHORT_DIGITS, text.length()));
  }
}
