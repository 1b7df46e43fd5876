package io.parley.shim.compute;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppFailureTest {
  private static final AppMemory MEMORY = new AppMemory(200, 1000);

  @TempDir Path out;

  @Test
  void anAppThatSaysNothingIsToldByItsCode() {
    RefusedException failure = failure(7, false);

    assertThat(failure.reason()).isEqualTo(Reason.APP_FAILED);
    assertThat(failure).hasMessageContaining("code 7");
    assertThat(failure.metadata()).containsOnly(java.util.Map.entry("exit_code", "7"));
  }

  @Test
  void aKnownReasonLetsItsMessageOut() throws IOException {
    error("{\"reason\":\"INVALID_QUERY\",\"message\":\"no column wart\",\"metadata\":{}}");

    RefusedException failure = failure(2, false);

    assertThat(failure).hasMessageContaining("INVALID_QUERY: no column wart");
    assertThat(failure.metadata()).containsEntry("app_reason", "INVALID_QUERY");
  }

  /** What the bundled apps say of data as a whole: it names columns and datasets. */
  @ParameterizedTest
  @ValueSource(strings = {"SEPARATION", "NOT_CONVERGED", "NOT_FINITE", "NO_PAIRS", "CHAIN_BROKEN"})
  void whatABundledAppSaysOfTheDataIsTold(String reason) throws IOException {
    error("{\"reason\":\"%s\",\"message\":\"column 'age'\",\"metadata\":{}}".formatted(reason));

    RefusedException failure = failure(2, false);

    assertThat(failure).hasMessage(reason + ": column 'age'");
    assertThat(failure.metadata()).containsOnlyKeys("exit_code", "app_reason");
  }

  @Test
  void aRuleThatAQueryBreaksIsTheReason() throws IOException {
    error(
        "{\"reason\":\"RULE_JOIN\",\"message\":\"'a.x' may not be\\njoined on\",\"metadata\":"
            + "{\"table\":\"a\",\"grant\":\"datasets.a.usage.join: [x]\",\"row\":\"4711\"}}");

    RefusedException failure = failure(2, false);

    assertThat(failure.reason()).isEqualTo(Reason.RULE_JOIN);
    assertThat(failure).hasMessage("'a.x' may not be joined on");
    assertThat(failure.metadata())
        .isEqualTo(
            java.util.Map.of(
                "rule", "RULE_JOIN", "table", "a", "grant", "datasets.a.usage.join: [x]"));
  }

  @Test
  void aRuleThatNobodyKnowsIsNoRule() throws IOException {
    error("{\"reason\":\"RULE_4711\",\"message\":\"patient 4711\"}");

    RefusedException failure = failure(2, false);

    assertThat(failure.reason()).isEqualTo(Reason.APP_FAILED);
    assertThat(failure.metadata()).containsEntry("app_reason", "RULE_4711");
  }

  @Test
  void anUnknownReasonKeepsItsMessageBack() throws IOException {
    error("{\"reason\":\"CAST_FAILED\",\"message\":\"patient 4711\"}");

    RefusedException failure = failure(2, false);

    assertThat(failure).hasMessageContaining("CAST_FAILED");
    assertThat(failure.getMessage()).doesNotContain("4711");
    assertThat(failure.metadata().values()).noneMatch(value -> value.contains("4711"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"INVALID_QUERY\"",
        "[\"reason\",\"INVALID_QUERY\"]",
        "{\"reason\":[\"INVALID_QUERY\"],\"message\":\"patient 4711\"}",
        "{\"metadata\":{\"reason\":\"INVALID_QUERY\"},\"message\":\"patient 4711\"}",
        "{\"reason\":\"invalid query\",\"message\":\"patient 4711\"}",
        "{\"reason\":\"PATIENT_4711_\\u00E4\",\"message\":\"patient 4711\"}",
        "{\"reason\":7,\"message\":\"patient 4711\"}"
      })
  void whatIsNoReasonSaysNothing(String json) throws IOException {
    error(json);

    RefusedException failure = failure(2, false);

    assertThat(failure.reason()).isEqualTo(Reason.APP_FAILED);
    assertThat(failure.getMessage()).doesNotContain("4711");
    assertThat(failure.metadata()).doesNotContainKey("app_reason");
  }

  @Test
  void ofAReasonThatComesTwiceTheFirstCounts() throws IOException {
    error("{\"reason\":\"CAST_FAILED\",\"message\":\"patient 4711\",\"reason\":\"INVALID_QUERY\"}");

    assertThat(failure(2, false).metadata()).containsEntry("app_reason", "CAST_FAILED");
    assertThat(failure(2, false).getMessage()).doesNotContain("4711");
  }

  @Test
  void theReasonBeforeAFaultInTheFileIsTold() throws IOException {
    error("{\"reason\":\"INVALID_QUERY\",\"message\":\"no column wart\",\"metadata\":{\"a\":");

    assertThat(failure(2, false)).hasMessageContaining("no column wart");
  }

  @Test
  void controlAndFormatCharactersAreTakenOut() throws IOException {
    error(
        "{\"reason\":\"INVALID_QUERY\",\"message\":\"a\\u001b[2J\\u009bb\\u202ec\\u2028d\\u2066e\\ufefff\\nEND\"}");

    assertThat(failure(2, false)).hasMessage("INVALID_QUERY: a [2J b c d e f END");
  }

  @Test
  void aLongMessageIsCutBetweenCharacters() throws IOException {
    error(
        "{\"reason\":\"INVALID_QUERY\",\"message\":\"%s\u00e4\"}"
            .formatted("x".repeat(996) + "\ud83d\ude00".repeat(9)));

    String message = failure(2, false).getMessage();
    assertThat(message).hasSizeLessThanOrEqualTo(1000 + "INVALID_QUERY: ".length());
    assertThat(UTF_8.newEncoder().canEncode(message)).isTrue();
  }

  @Test
  void aFileThatIsTooLargeIsNotRead() throws IOException {
    error(
        "{\"reason\":\"INVALID_QUERY\",\"message\":\"m\",\"x\":\"%s\"}"
            .formatted("x".repeat(64 << 10)));

    assertThat(failure(2, false).metadata()).doesNotContainKey("app_reason");
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aLinkOrAPipeInItsPlaceIsNotRead() throws Exception {
    Path secret = Files.writeString(out.resolve("secret"), "{\"reason\":\"INVALID_QUERY\"}");
    Path file = out.resolve(AppFailure.FILE);
    Files.createSymbolicLink(file, secret);
    assertThat(failure(2, false).metadata()).doesNotContainKey("app_reason");

    Files.delete(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertThat(failure(2, false).metadata()).doesNotContainKey("app_reason");
  }

  @Test
  void nestingWithoutEndIsNoFailure() throws IOException {
    error("{\"reason\":\"INVALID_QUERY\",\"message\":\"m\",\"x\":" + "[".repeat(60_000));

    assertThat(failure(2, false).metadata()).containsEntry("app_reason", "INVALID_QUERY");
  }

  @Test
  void anAppThatWasKilledNeedsMoreThanTheLimit() {
    RefusedException failure = failure(137, true);

    assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
    assertThat(failure.metadata())
        .containsEntry("need_bytes", "more than 1000")
        .containsEntry("limit_bytes", "1000");
    assertThat(failure).hasMessageContaining("more than its limit of 1000 bytes");
  }

  @Test
  void needAndLimitThatTheAppStatesBecomeTheEnclaves() throws IOException {
    error(
        "{\"reason\":\"MEMORY_LIMIT\",\"message\":\"m\",\"metadata\":{\"need_bytes\":\"150\",\"limit_bytes\":\"100\"}}");

    RefusedException failure = failure(2, false);

    // Half as much again of the app's 200; the other 800 stay as they are.
    assertThat(failure.metadata())
        .containsEntry("need_bytes", "1100")
        .containsEntry("limit_bytes", "1000");
    assertThat(failure).hasMessageContaining("1100").hasMessageContaining("1000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"need_bytes\":\"more than 100\",\"limit_bytes\":\"100\"",
        "\"need_bytes\":\"99\",\"limit_bytes\":\"100\"",
        "\"need_bytes\":\"300\",\"limit_bytes\":\"201\"",
        "\"need_bytes\":\"300\",\"limit_bytes\":\"0\"",
        "\"need_bytes\":\"-1\",\"limit_bytes\":\"-2\"",
        "\"need_bytes\":\"999999999999999\",\"limit_bytes\":\"100\"",
        "\"need_bytes\":\"99999999999999999999\",\"limit_bytes\":\"100\"",
        "\"need_bytes\":300,\"limit_bytes\":100",
        "\"x\":{\"need_bytes\":\"300\",\"limit_bytes\":\"100\"}",
        ""
      })
  void figuresThatMakeNoSenseAreLeftOut(String metadata) throws IOException {
    error("{\"reason\":\"MEMORY_LIMIT\",\"message\":\"m\",\"metadata\":{%s}}".formatted(metadata));

    RefusedException failure = failure(2, false);

    assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
    assertThat(failure.metadata()).containsEntry("need_bytes", "more than 1000");
  }

  private RefusedException failure(int code, boolean memoryLimit) {
    return AppFailure.of(new AppRunner.AppExit(code, memoryLimit), out, MEMORY);
  }

  private void error(String json) throws IOException {
    Files.writeString(out.resolve(AppFailure.FILE), json);
  }
}
