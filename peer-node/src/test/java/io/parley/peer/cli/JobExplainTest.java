package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.stub.StreamObserver;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.ListDecisionsResponse;
import io.parley.proto.broker.v1.LogServiceGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command makes of what a broker answers; no node and no real broker runs. */
class JobExplainTest {
  private static final String JOB = "5b1e77aa" + "0".repeat(24);

  private static final int TABLE_HEAD = 2;

  @TempDir Path folder;
  private final FakeDecisions broker = new FakeDecisions();
  private BrokerCli cli;

  @BeforeEach
  void start() throws IOException {
    cli = BrokerCli.start(folder.resolve("hospital"), broker);
  }

  @AfterEach
  void stop() {
    cli.close();
  }

  @Test
  void everyClaimThatDiffersIsARow() throws IOException {
    broker.decisions.add(decision(3, "grant").build());
    broker.decisions.add(
        refusal(4)
            .setComparison(
                Comparison.newBuilder()
                    .addClaims(
                        claim("tcb", "at least 21", "20")
                            .setReason("EVIDENCE_TCB_OUTDATED")
                            .setAdvice("update the machine's firmware"))
                    .addClaims(
                        claim("measurement", "abab", "0000")
                            .setReason("EVIDENCE_MEASUREMENT_WRONG")
                            .setAdvice("start the image that the parties signed"))
                    .addClaims(
                        claim("app_sha256", "sha256:01", "sha256:02")
                            .setReason("EVIDENCE_APP_WRONG")
                            .setAdvice("get the app again by its digest")))
            .build());

    List<JsonNode> rows = json();
    assertThat(rows)
        .extracting(
            row -> row.path("reason").asText(),
            row -> row.path("claim").asText(),
            row -> row.path("expected").asText(),
            row -> row.path("seen").asText(),
            row -> row.path("detail").asText(),
            row -> row.path("log_index").asInt())
        .containsExactly(
            tuple(
                "EVIDENCE_TCB_OUTDATED",
                "tcb",
                "at least 21",
                "20",
                "update the machine's firmware",
                4),
            tuple(
                "EVIDENCE_MEASUREMENT_WRONG",
                "measurement",
                "abab",
                "0000",
                "start the image that the parties signed",
                4),
            tuple(
                "EVIDENCE_APP_WRONG",
                "app_sha256",
                "sha256:01",
                "sha256:02",
                "get the app again by its digest",
                4));
    Captured table = cli.run("job", "explain", JOB).ok();
    assertThat(table.out().lines()).hasSize(TABLE_HEAD + 3);
    assertThat(table.out())
        .contains("EVIDENCE_TCB_OUTDATED", "EVIDENCE_MEASUREMENT_WRONG", "EVIDENCE_APP_WRONG")
        .contains("at least 21", "abab", "sha256:02");
    assertThat(table.err()).doesNotContain("expected and seen are empty");
  }

  @Test
  void whatWasLeftOutIsSaid() throws IOException {
    broker.decisions.add(
        refusal(4)
            .setComparison(
                Comparison.newBuilder().addClaims(claim("tcb", "21", "20")).setLeftOut(7))
            .build());

    assertThat(json())
        .extracting(row -> row.path("claim").asText(), row -> row.path("detail").asText())
        .containsExactly(
            tuple("tcb", "claim tcb: update"),
            tuple("null", "7 more claims differ that the log had no room for"));
    assertThat(cli.run("job", "explain", JOB).ok().out()).contains("7 more claims differ");
  }

  @Test
  void aRecordOfAnEarlierVersionIsShown() throws IOException {
    broker.decisions.add(
        refusal(4)
            .setComparison(Comparison.newBuilder().addClaims(claim("tcb", "21", "20")))
            .build());

    assertThat(json())
        .extracting(
            row -> row.path("reason").asText(),
            row -> row.path("claim").asText(),
            row -> row.path("expected").asText(),
            row -> row.path("seen").asText(),
            row -> row.path("detail").asText())
        .containsExactly(tuple("EVIDENCE_TCB_OUTDATED", "tcb", "21", "20", "claim tcb: update"));
  }

  @Test
  void whoOwnsNothingSeesTheReasonAndIsToldWhoSeesTheRest() {
    broker.decisions.add(refusal(4).build());

    Captured run = cli.run("job", "explain", JOB, "--output", "csv").ok();
    assertThat(run.out().lines().skip(1))
        .containsExactly(
            "2026-01-01T00:00:00Z,insurer,EVIDENCE_TCB_OUTDATED,,,,claim tcb: update,4");
    assertThat(run.err()).contains("the owners of the datasets see them");
  }

  @Test
  void whatTheAskerWroteDoesNotReachTheTerminalAsItIs() {
    broker.decisions.add(
        refusal(4)
            .setComparison(
                Comparison.newBuilder()
                    .addClaims(claim("tests.network", "denied", "\u001b[2Jdenied\nHOLDS")))
            .build());

    Captured run = cli.run("job", "explain", JOB).ok();
    assertThat(run.out().lines()).hasSize(TABLE_HEAD + 1);
    assertThat(run.out()).doesNotContain("\u001b");
  }

  @Test
  void allPagesAreRead() throws IOException {
    broker.page = 2;
    for (int i = 0; i < 5; i++) {
      broker.decisions.add(refusal(i).build());
    }

    assertThat(json())
        .extracting(row -> row.path("log_index").asInt())
        .containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void nothingWasRefused() {
    broker.decisions.add(decision(3, "grant").build());

    Captured run = cli.run("job", "explain", JOB).ok();
    assertThat(run.err()).contains("The broker has refused nothing in this job.");
    assertThat(cli.run("job", "explain", "no-job").code()).isEqualTo(ExitCode.BAD_INPUT);
  }

  private List<JsonNode> json() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    new ObjectMapper()
        .readTree(cli.run("job", "explain", JOB, "--output", "json").ok().out())
        .forEach(rows::add);
    return rows;
  }

  private static Decision.Builder refusal(long index) {
    return decision(index, "refuse")
        .setReason("EVIDENCE_TCB_OUTDATED")
        .setDetail("claim tcb: update");
  }

  private static Decision.Builder decision(long index, String action) {
    Decision.Builder decision =
        Decision.newBuilder().setIndex(index).setAction(action).setParty("insurer").setJobId(JOB);
    decision.getAtBuilder().setSeconds(1_767_225_600L);
    return decision;
  }

  private static ComparedClaim.Builder claim(String name, String expected, String seen) {
    return ComparedClaim.newBuilder().setClaim(name).setExpected(expected).setSeen(seen);
  }

  private static final class FakeDecisions extends LogServiceGrpc.LogServiceImplBase {
    private final List<Decision> decisions = new ArrayList<>();
    private int page = 1000;

    @Override
    public void listDecisions(
        ListDecisionsRequest request, StreamObserver<ListDecisionsResponse> answers) {
      if (!request.getJobId().equals(JOB)) {
        throw new AssertionError(request);
      }
      int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
      int to = Math.min(decisions.size(), from + page);
      answers.onNext(
          ListDecisionsResponse.newBuilder()
              .addAllDecisions(decisions.subList(from, to))
              .setNextPageToken(to < decisions.size() ? Integer.toString(to) : "")
              .build());
      answers.onCompleted();
    }
  }
}
