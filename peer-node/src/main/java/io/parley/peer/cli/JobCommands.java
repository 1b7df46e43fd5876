package io.parley.peer.cli;

import io.parley.peer.cli.output.ResultForm;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "job",
    description = "Runs agreements, and hands out what came of it.",
    footer = {
      "Example:",
      "  parley job submit 3f9a12cc --param since=2026-01-01 --wait",
      "  parley job result 5b1e77aa summary",
    })
final class JobCommands {
  private static final int REQUEST_ID_BYTES = 16;

  private final Session session;

  JobCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "submit",
      description = "Starts a job under an agreement that every party has signed.",
      footer = {
        "The same --request-id always names the same job, so a script may repeat the call.",
        "",
        "Examples:",
        "  parley job submit 3f9a12cc --wait",
        "  parley job submit 3f9a12cc --param since=2026-01-01 --request-id nightly-2026-11-21",
      })
  int submit(
      @Parameters(paramLabel = "DIGEST", description = "The agreement, or its first 8 digits.")
          String agreement,
      @Option(
              names = "--param",
              paramLabel = "NAME=VALUE",
              description = "A parameter that the agreement leaves to the job. Repeat for more.")
          @Nullable Map<String, String> parameters,
      @Option(names = "--wait", description = "Show progress until the job has ended.")
          boolean wait,
      @Option(
              names = "--request-id",
              paramLabel = "ID",
              description = "A name of yours for this call, up to 128 characters.")
          @Nullable String requestId,
      @Option(
              names = "--timeout",
              paramLabel = "TIME",
              converter = Durations.class,
              description = "End the job after this time. Default: 10m, at most 24h.")
          @Nullable Duration timeout,
      @Option(names = "--validate-only", description = "Check everything, start nothing.")
          boolean validateOnly) {
    Digest digest = session.agreements().find(agreement);
    CreateJobRequest.Builder request =
        CreateJobRequest.newBuilder()
            .setRequestId(requestId == null ? randomId() : requestId)
            .setAgreementSha256(digest.value())
            .setValidateOnly(validateOnly)
            .putAllParameters(parameters == null ? Map.of() : parameters);
    if (timeout != null) {
      request.setTimeout(Durations.proto(timeout));
    }
    Job job = session.node().createJob(request.build());
    if (validateOnly) {
      session.notices().say("Nothing was started: the job would be accepted.");
      return ExitCode.OK;
    }
    session.notices().say("job " + job.getJobId() + " under '" + job.getAgreementName() + "'");
    Job last = wait ? new JobWatch(session).untilEnd(job.getJobId()) : job;
    session.printer().thing(JobConditions.with(session, last));
    return wait ? JobViews.exitCode(last, session) : ExitCode.OK;
  }

  @Command(
      name = "list",
      description = "Jobs that you may see, newest first.",
      footer = {"Example:", "  parley job list --output json"})
  int list(
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "100",
              description = "At most so many. Default: ${DEFAULT-VALUE}.")
          int limit) {
    List<Job> jobs = session.node().jobs(limit);
    session
        .printer()
        .list(
            List.of(
                Column.text("job"),
                Column.text("agreement"),
                Column.text("submitter"),
                Column.text("state"),
                Column.text("created"),
                Column.text("ended"),
                Column.text("results"),
                Column.text("failure")),
            jobs.stream().map(JobViews::row).toList());
    return ExitCode.OK;
  }

  @Command(
      name = "show",
      description = "One job: state, parameters, results, and what went wrong if anything did.",
      footer = {"Example:", "  parley job show 5b1e77aa"})
  int show(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String id) {
    session.printer().thing(JobConditions.with(session, session.node().job(find(id))));
    return ExitCode.OK;
  }

  @Command(
      name = "explain",
      description = "Why the broker refused anything in a job: its decisions, claim by claim.",
      footer = {
        "Expected and seen values are for the owners of the datasets whose keys were asked for; other",
        "parties see the reason and what to do. Exit code 0 also when nothing was refused.",
        "",
        "Examples:",
        "  parley job explain 5b1e77aa",
        "  parley job explain 5b1e77aa --output json",
      })
  int explain(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String id) {
    Explanation explanation = new Explanation();
    session.broker().decisions(find(id), explanation::add);
    explanation.show(session);
    return ExitCode.OK;
  }

  @Command(
      name = "watch",
      description = "Shows progress until the job has ended; the exit code says how.",
      footer = {"Example:", "  parley job watch 5b1e77aa && parley job result 5b1e77aa summary"})
  int watch(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String id) {
    Job last = new JobWatch(session).untilEnd(find(id));
    session.printer().thing(JobConditions.with(session, last));
    return JobViews.exitCode(last, session);
  }

  @Command(
      name = "cancel",
      description = "Ends a job at every party.",
      footer = {"Example:", "  parley job cancel 5b1e77aa --reason 'wrong month'"})
  int cancel(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String id,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              description = "For the other parties to read.")
          @Nullable String reason) {
    CancelJobRequest request =
        CancelJobRequest.newBuilder()
            .setJobId(find(id))
            .setReason(reason == null ? "" : reason)
            .build();
    Job job = session.node().cancelJob(request);
    session.printer().thing(JobViews.fields(job));
    return job.getState() == JobState.JOB_STATE_SUCCEEDED ? ExitCode.REFUSED : ExitCode.OK;
  }

  @Command(
      name = "result",
      description = {
        "Fetches a result, checks it against the broker's receipt, opens it with your party's key and"
            + " writes it."
      },
      footer = {
        "Checked before anything is shown: the broker that the agreement names signed the receipt, the",
        "receipt is for this job and agreement, and the sealed file is the one that it names.",
        "",
        "Examples:",
        "  parley job result 5b1e77aa summary",
        "  parley job result 5b1e77aa summary --format csv -o summary.csv",
        "  parley job result 5b1e77aa summary --sealed -o summary.sealed",
      })
  int result(
      @Parameters(
              index = "0",
              paramLabel = "JOB",
              description = "Its id, or enough of its first digits.")
          String id,
      @Parameters(
              index = "1",
              arity = "0..1",
              paramLabel = "RESULT",
              description = "Its name; not needed when the job has one only.")
          @Nullable String name,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Write to this file. Default: stdout.")
          @Nullable Path file,
      @Option(
              names = "--format",
              paramLabel = "FORM",
              description = "table, json, csv or arrow. Default: as --output.")
          @Nullable ResultForm form,
      @Option(
              names = "--sealed",
              description = "Keep it sealed: write the file as the node has it.")
          boolean sealed)
      throws IOException {
    Results results = new Results(session);
    try (Results.Fetched fetched = results.fetch(find(id), name)) {
      if (sealed) {
        results.copySealed(fetched, file);
      } else {
        results.open(fetched, form == null ? ResultForm.of(session.options().output) : form, file);
      }
    }
    return ExitCode.OK;
  }

  private String find(String id) {
    return session.node().findJob(id);
  }

  private String randomId() {
    byte[] bytes = new byte[REQUEST_ID_BYTES];
    session.terminal().random().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
