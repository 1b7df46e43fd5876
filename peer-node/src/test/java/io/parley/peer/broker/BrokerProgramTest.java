package io.parley.peer.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.wire.Digest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the broker's program does wrong is "could not be checked". */
class BrokerProgramTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofSeconds(2);

  private static final BrokerStatement STATEMENT =
      new BrokerStatement(
          ByteString.copyFrom(new byte[32]),
          ByteString.copyFrom(new byte[32]),
          Digest.of(new byte[1]));

  /** Larger than a pipe's buffer, so that a program that does not listen is noticed. */
  private static final Question QUESTION =
      new Question(
          new BrokerEvidence(
              "sev-snp",
              STATEMENT.encode(),
              ByteString.copyFrom(new byte[1184]),
              List.of(),
              Collections.nCopies(8, ByteString.copyFrom(new byte[128 << 10]))),
          STATEMENT,
          List.of(),
          Instant.EPOCH);

  private static Judgement judge(String how, Duration within) throws InterruptedException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            FakeJudgeMain.class.getName(),
            how);
    Judgement judgement = new BrokerProgram(() -> command, within).judge(QUESTION);
    assertThat(
            ProcessHandle.current()
                .children()
                .filter(child ->
                    child.info().commandLine().orElse("").contains(FakeJudgeMain.class.getName())))
        .isEmpty();
    return judgement;
  }

  @Test
  void anAnswerOfAProgramThatEndsWellCounts() throws InterruptedException {
    assertThat(judge("good", LONG)).isEqualTo(new Judgement.Accepted("{}", List.of()));
  }

  @Test
  void oneThatDoesNotListenMayAnswerAllTheSame() throws InterruptedException {
    assertThat(judge("deaf", LONG)).isInstanceOf(Judgement.Accepted.class);
  }

  @ParameterizedTest
  @CsvSource({
    "failed, ended with code 1",
    "garbage, did not answer in form",
    "nothing, it says nothing",
    "flood, more than 1048576 bytes",
    "killed, ended with code 137"
  })
  void anyOtherEndIsNoAnswer(String how, String why) throws InterruptedException {
    assertThat(judge(how, LONG))
        .isInstanceOfSatisfying(
            Judgement.Unchecked.class, unchecked -> assertThat(unchecked.why()).contains(why));
  }

  @ParameterizedTest
  @CsvSource({"late", "lingers"})
  void oneThatTakesTooLongIsKilled(String how) throws InterruptedException {
    assertThat(judge(how, SHORT))
        .isInstanceOfSatisfying(
            Judgement.Unchecked.class,
            unchecked -> assertThat(unchecked.why()).contains("did not answer within 2 s"));
  }

  @Test
  void oneThatCannotBeStartedIsNoAnswer() throws InterruptedException {
    assertThat(new BrokerProgram(() -> List.of("/no/such/java"), LONG).judge(QUESTION))
        .isInstanceOfSatisfying(
            Judgement.Unchecked.class,
            unchecked -> assertThat(unchecked.why()).contains("could not be started"));
  }
}
