package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.peer.cli.output.OutputFormat;
import io.parley.peer.cli.output.RowWriter;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.SignedCheckpoint;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "log",
    description =
        "The broker's append-only log of its decisions: read it, check all of it, prove parts of it.",
    footer = {
      "Your own node checks and cosigns the log by itself, every few seconds.",
      "",
      "Example:",
      "  parley log verify",
    })
final class LogCommands {
  private static final int SHORT_DIGITS = 12;
  private static final int PROOF_FILE_BYTES_MAX = 64 << 20;

  private final Session session;

  LogCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "show",
      description = "Decisions about your agreements, oldest first.",
      footer = {
        "Expected and seen values of a refusal: 'parley job explain'.",
        "With --dir all of the log is checked first, as 'log verify' does; exit code 3, and nothing",
        "is shown, when it is wrong.",
        "",
        "Examples:",
        "  parley log show",
        "  parley log show --job 5b1e77aa --output json",
        "  parley log show --dir exported",
      })
  int show(
      @Option(names = "--job", paramLabel = "JOB", description = "Only this job's.")
          @Nullable String job,
      @Mixin LogFiles files)
      throws IOException {
    JobLog log = jobLog(files);
    String id = job == null ? "" : log.findJob(job);
    boolean table = session.options().output == OutputFormat.TABLE;
    try (RowWriter writer = session.options().output.writer(session.terminal().out())) {
      writer.begin(
          List.of(
              Column.number("index"),
              Column.text("at"),
              Column.text("action"),
              Column.text("party"),
              Column.text("agreement"),
              Column.text("job"),
              Column.text("reason"),
              Column.text("detail"),
              Column.text("leaf")));
      log.decisions(id, decision -> writer.row(row(decision, table)));
    }
    return ExitCode.OK;
  }

  @Command(
      name = "verify",
      description = "Checks the log as a whole, or proofs in a file. Exit code 3 when it is wrong.",
      footer = {
        "Without FILE or --dir it fetches the newest checkpoint and all leaf hashes from the broker,",
        "hashes the entries that you may read, and compares the root. In any case: the broker's",
        "signature, and that the log begins with what this home's node last cosigned.",
        "With FILE or --dir it needs no network.",
        "",
        "Examples:",
        "  parley log verify",
        "  parley log verify --dir exported",
        "  parley log verify job.tlog-proof",
      })
  int verify(
      @Parameters(
              paramLabel = "FILE",
              arity = "0..1",
              description = "Proofs, as 'log prove -o' or any C2SP log wrote them.")
          @Nullable Path file,
      @Mixin LogFiles files)
      throws IOException {
    Path dir = files.dir;
    if (file != null && dir != null) {
      throw new RefusedException(Reason.INVALID_REQUEST, "give FILE or --dir, not both");
    }
    files.requireBrokerWith(file != null || dir != null);
    if (file != null) {
      proofs(proofsIn(file), files);
      return ExitCode.OK;
    }
    LogSource source = dir == null ? session.broker() : new LogDirectory(dir);
    LogAudit.Report report = audit(files).run(source, entry -> {});
    session.notices().say(report.sentence());
    session.printer().thing(report.fields());
    return ExitCode.OK;
  }

  @Command(
      name = "prove",
      description = "Proofs that a job's decisions are in the log, each one with its entry.",
      footer = {
        "A proof is a C2SP tlog-proof: anybody who knows the broker's key can check it, any time.",
        "With --dir all of the log is checked first, as 'log verify' does, and the proofs lead to",
        "the checkpoint that is in DIR.",
        "",
        "Examples:",
        "  parley log prove 5b1e77aa",
        "  parley log prove 5b1e77aa -o job.tlog-proof",
        "  parley log prove 5b1e77aa --dir exported -o job.tlog-proof",
      })
  int prove(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String job,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Also write the proofs there.")
          @Nullable Path out,
      @Mixin LogFiles files)
      throws IOException {
    JobLog log = jobLog(files);
    String id = log.findJob(job);
    List<InclusionProof> proofs = log.prove(id);
    if (proofs.isEmpty()) {
      throw new RefusedException(
          Reason.JOB_NOT_FOUND,
          "the log has no decision about job %s that you may read".formatted(id),
          Map.of("job", id));
    }
    for (InclusionProof proof : proofs) {
      if (!entry(proof).getDecision().getJobId().equals(id)) {
        throw new RefusedException(
            Reason.INVALID_PROOF, "the broker proved a decision of another job");
      }
    }
    proofs(proofs, files);
    if (out != null) {
      Files.write(
          out,
          ByteString.copyFrom(proofs.stream().map(InclusionProof::encode).toList()).toByteArray());
    }
    return ExitCode.OK;
  }

  @Command(
      name = "export",
      description = "Writes the log as files, to be checked any time without the broker.",
      footer = {
        "checkpoint and tile/ are as C2SP tlog-tiles has them; entries/ holds those that you may read.",
        "",
        "Example:",
        "  parley log export exported && parley log verify --dir exported",
      })
  int export(@Parameters(paramLabel = "DIR", description = "A new or empty folder.") Path dir)
      throws IOException {
    LogExport export = new LogExport(dir);
    LogAudit.Report report = audit(new LogFiles()).run(session.broker(), export::entry);
    export.finish(report.checkpoint());
    session.notices().say(report.sentence());
    session.printer().thing(report.fields());
    return ExitCode.OK;
  }

  /** The broker's, or files that are checked here. */
  private JobLog jobLog(LogFiles files) throws IOException {
    files.requireBrokerWith(files.dir != null);
    if (files.dir == null) {
      return new LiveLog(session);
    }
    CheckedLog log = CheckedLog.of(new LogDirectory(files.dir), audit(files));
    log.sentences().forEach(session.notices()::say);
    return log;
  }

  private LogAudit audit(LogFiles files) throws IOException {
    return new LogAudit(brokerKey(files), witnesses(files));
  }

  private VerifyingKey brokerKey(LogFiles files) throws IOException {
    return files.broker == null
        ? session.party().membership().current().broker().signingKey()
        : BrokerLine.resolve(files.broker, null).signingKey();
  }

  private LogWitnesses witnesses(LogFiles files) {
    return files.broker == null ? LogWitnesses.ofHome(session.party()) : LogWitnesses.NONE;
  }

  private static List<InclusionProof> proofsIn(Path file) throws IOException {
    if (Files.size(file) > PROOF_FILE_BYTES_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "%s is larger than %d bytes".formatted(file, PROOF_FILE_BYTES_MAX));
    }
    return ProofFile.split(ByteString.copyFrom(Files.readAllBytes(file)));
  }

  /** Checks each, and shows what each one proves. */
  private void proofs(List<InclusionProof> proofs, LogFiles files) throws IOException {
    VerifyingKey key = brokerKey(files);
    LogWitnesses witnesses = witnesses(files);
    List<List<@Nullable Object>> rows =
        proofs.stream()
            .map(proof -> {
              SignedCheckpoint checkpoint = proof.verify(key);
              Decision decision = entry(proof).getDecision();
              requireIndex(decision, proof.index());
              return Arrays.<@Nullable Object>asList(
                  proof.index(),
                  JobViews.time(decision.hasAt(), decision.getAt()),
                  decision.getAction(),
                  decision.getParty(),
                  decision.getJobId(),
                  decision.getReason(),
                  checkpoint.head().size(),
                  witnesses.cosigners(checkpoint));
            })
            .toList();
    session
        .notices()
        .say("Good: %d entries are in the log that the broker signed.".formatted(rows.size()));
    session
        .printer()
        .list(
            List.of(
                Column.number("index"),
                Column.text("at"),
                Column.text("action"),
                Column.text("party"),
                Column.text("job"),
                Column.text("reason"),
                Column.number("tree_size"),
                Column.text("cosigned_by")),
            rows);
  }

  private static void requireIndex(Decision decision, long index) {
    if (decision.getIndex() != index) {
      throw new RefusedException(
          Reason.INVALID_PROOF,
          "the entry says that it is number %d, and is number %d"
              .formatted(decision.getIndex(), index));
    }
  }

  static LogEntry entry(InclusionProof proof) {
    return entry(proof.entry());
  }

  static LogEntry entry(ByteString bytes) {
    try {
      return LogEntry.parseFrom(bytes);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.INVALID_PROOF, "an entry of the log cannot be read", Map.of(), e);
    }
  }

  private static List<@Nullable Object> row(Decision decision, boolean shortened) {
    String agreement =
        decision.getAgreementSha256().isEmpty()
            ? ""
            : new Digest(decision.getAgreementSha256()).hex();
    String leaf = new Digest(decision.getLeafHash()).hex();
    return Arrays.asList(
        decision.getIndex(),
        JobViews.time(decision.hasAt(), decision.getAt()),
        decision.getAction(),
        decision.getParty(),
        shortened ? first(agreement) : agreement,
        shortened ? first(decision.getJobId()) : decision.getJobId(),
        decision.getReason(),
        decision.getDetail(),
        shortened ? first(leaf) : leaf);
  }

  private static String first(String text) {
    return text.substring(0, Math.min(SHORT_DIGITS, text.length()));
  }
}
