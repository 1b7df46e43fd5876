package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Budgets, and over which datasets answers are compared, from text to bytes and back. */
class BudgetTest {
  private static final Samples SAMPLES = new Samples();
  private static final String TEXT =
      """
      agreement: claims-by-ward
      parties: [insurer, hospital]
      broker: local
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR}
          released_to: [insurer]
          identity: patient
          budget: {queries: 20, per: 7d}
        claims: {owner: insurer, columns: {patient: BIGINT, amount: DOUBLE}}
      compute: [insurer]
      results:
        summary: {recipients: [hospital], max_rows: 10000, min_group: 10}
      environment: {evidence: [simulated], tests: strict}
      params:
        query: {value: SELECT 1}
        since: {type: DATE}
      changes: unanimous
      expires: 2027-06-30
      max_jobs: 100
      """;

  private static Agreement read(String text) {
    return AgreementYaml.parse(text, "agreement.yaml")
        .resolve(SAMPLES.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  @Test
  void textAndBytesComeBackTheSame() {
    Agreement agreement = read(TEXT);
    assertThat(agreement.dataset("admissions").budget())
        .isEqualTo(new Budget(20, Duration.ofDays(7)));
    assertThat(agreement.dataset("claims").budget().isUnlimited()).isTrue();
    assertThat(AgreementYaml.write(agreement)).contains("budget: {queries: 20, per: \"7d\"}");
    assertThat(read(AgreementYaml.write(agreement))).isEqualTo(agreement);
    ByteString bytes = AgreementCodec.encode(agreement);
    assertThat(AgreementCodec.decode(bytes)).isEqualTo(agreement);
    assertThat(AgreementYaml.write(read(TEXT.replaceAll("(?m)^ +budget: .*\n", ""))))
        .doesNotContain("budget");
  }

  @ParameterizedTest
  @CsvSource({"60s, 1m", "90s, 90s", "24h, 1d", "36h, 36h", "1440m, 1d", "3660d, 3660d"})
  void lengthsOfTimeHaveOneForm(String written, String shown) {
    Agreement agreement = read(TEXT.replace("7d", written));
    assertThat(agreement.dataset("admissions").budget().perText()).isEqualTo(shown);
    assertThat(read(TEXT.replace("7d", shown))).isEqualTo(agreement);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{queries: 0, per: 1d}",
        "{queries: -1, per: 1d}",
        "{queries: 1000000001, per: 1d}",
        "{queries: many, per: 1d}",
        "{queries: 1}",
        "{per: 1d}",
        "{}",
        "{queries: 1, per: 59s}",
        "{queries: 1, per: 3661d}",
        "{queries: 1, per: 1w}",
        "{queries: 1, per: 1}",
        "{queries: 1, per: 0d}",
        "{queries: 1, per: 99999999d}",
        "{queries: 1, per: 1d, burst: 2}",
        "5"
      })
  void whatIsNoBudgetIsRefused(String budget) {
    assertThatThrownBy(() -> read(TEXT.replace("{queries: 20, per: 7d}", budget)))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContaining("agreement.yaml:")
        .hasMessageContaining("budget");
  }

  @Test
  void bytesThatSayNothingOrTooMuchAreRefused() throws Exception {
    var message =
        io.parley.proto.agreement.v1.Agreement.parseFrom(AgreementCodec.encode(read(TEXT)));
    for (var budget :
        new io.parley.proto.agreement.v1.Budget[] {
          io.parley.proto.agreement.v1.Budget.getDefaultInstance(),
          io.parley.proto.agreement.v1.Budget.newBuilder().setQueries(1).build(),
          io.parley.proto.agreement.v1.Budget.newBuilder().setPerSeconds(3600).build(),
          io.parley.proto.agreement.v1.Budget.newBuilder()
              .setQueries(-1)
              .setPerSeconds(3600)
              .build(),
          io.parley.proto.agreement.v1.Budget.newBuilder().setQueries(1).setPerSeconds(-1).build()
        }) {
      var changed = message.toBuilder();
      changed.getDatasetsBuilder(0).setBudget(budget);
      assertThatThrownBy(() -> AgreementCodec.decode(changed.build().toByteString()))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void answersAreComparedWhereJobsCanAskForOneGroupAfterTheOther() {
    assertThat(ComparedDatasets.of(read(TEXT))).isEqualTo(Map.of("admissions", 10));
    String fixed = TEXT.replaceAll("(?m)^ +since: .*\n", "");
    assertThat(ComparedDatasets.of(read(fixed))).isEmpty();
    String rules =
        fixed
            .replace("query: {value: SELECT 1}", "query: {type: VARCHAR}")
            .replace("changes:", "queries: within_rules\nchanges:");
    assertThat(ComparedDatasets.of(read(rules))).isEqualTo(Map.of("admissions", 10));
    assertThat(ComparedDatasets.of(read(TEXT.replace(", min_group: 10", "")))).isEmpty();
    assertThat(ComparedDatasets.of(SAMPLES.agreement())).isEmpty();
  }

  @Test
  void aSmallestGroupThatIsTooLargeToCompareIsRefused() {
    assertThat(ComparedDatasets.of(read(TEXT.replace("min_group: 10", "min_group: 1000"))))
        .hasSize(1);
    assertThatThrownBy(() -> read(TEXT.replace("min_group: 10", "min_group: 1001")))
        .hasMessageContaining("min_group of at most 1000");
    String fixed = TEXT.replaceAll("(?m)^ +since: .*\n", "");
    assertThat(read(fixed.replace("min_group: 10", "min_group: 1001")).needsRules()).isTrue();
  }
}
