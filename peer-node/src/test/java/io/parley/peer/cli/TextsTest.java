package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Column;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TextsTest {
  private static final Digest A = Digest.of("a".getBytes(StandardCharsets.UTF_8));
  private static final Digest B = Digest.of("b".getBytes(StandardCharsets.UTF_8));

  @Test
  void aDigestIsFoundByItsFirstEightDigits() {
    List<Digest> known = List.of(A, B);
    assertThat(Digests.choose(A.hex().substring(0, 8), known, Reason.AGREEMENT_NOT_FOUND))
        .isEqualTo(A);
    assertThat(Digests.choose(B.toString(), known, Reason.AGREEMENT_NOT_FOUND)).isEqualTo(B);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ca97811", "xyz", "", "sha256:", "zz978112ca1b"})
  void fewerDigitsOrOtherLettersAreNoDigest(String text) {
    assertThatThrownBy(() -> Digests.choose(text, List.of(A), Reason.AGREEMENT_NOT_FOUND))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_REQUEST));
  }

  @Test
  void whatFitsNothingIsNotFound() {
    assertThatThrownBy(() -> Digests.choose("00000000", List.of(A, B), Reason.JOB_NOT_FOUND))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.JOB_NOT_FOUND));
  }

  @Test
  void timesHaveUnits() {
    Durations durations = new Durations();
    assertThat(durations.convert("90s")).isEqualTo(Duration.ofSeconds(90));
    assertThat(durations.convert("24h")).isEqualTo(Duration.ofDays(1));
    assertThatThrownBy(() -> durations.convert("24"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("24h");
  }

  @Test
  void columnsMayHaveCommasInTheirTypes() {
    assertThat(DatasetCommands.columns("patient BIGINT not null, amount DECIMAL(12, 2),d DATE"))
        .extracting(Column::name, c -> c.type().sql(), Column::nullable)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("patient", "BIGINT", false),
            org.assertj.core.groups.Tuple.tuple("amount", "DECIMAL(12,2)", true),
            org.assertj.core.groups.Tuple.tuple("d", "DATE", true));
  }

  @Test
  void aRehearsalsDataNamesPartyDatasetAndFile() {
    assertThat(new DataFile.Converter().convert("a:t=x=y.csv"))
        .isEqualTo(new DataFile("a", "t", Path.of("x=y.csv")));
  }

  @ParameterizedTest
  @EnumSource(Reason.class)
  void everyReasonHasAnExitCode(Reason reason) {
    assertThat(ExitCode.of(reason)).isBetween(ExitCode.FAILED, ExitCode.LIMIT);
  }

  @Test
  void exitCodesSayWhoIsToBlame() {
    assertThat(ExitCode.of(Reason.INVALID_AGREEMENT)).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ExitCode.of(Reason.INVALID_PROOF)).isEqualTo(ExitCode.REFUSED);
    assertThat(ExitCode.of(Reason.INVALID_CHECKPOINT)).isEqualTo(ExitCode.REFUSED);
    assertThat(ExitCode.of(Reason.NOT_A_RECIPIENT)).isEqualTo(ExitCode.REFUSED);
    assertThat(ExitCode.of(Reason.AGREEMENT_HALTED)).isEqualTo(ExitCode.REFUSED);
    assertThat(ExitCode.of(Reason.BROKER_UNAVAILABLE)).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(ExitCode.of(Reason.TIMEOUT)).isEqualTo(ExitCode.CANCELLED);
    assertThat(ExitCode.of(Reason.MEMORY_LIMIT)).isEqualTo(ExitCode.LIMIT);
    assertThat(ExitCode.of(Reason.INTERNAL)).isEqualTo(ExitCode.FAILED);
  }
}
