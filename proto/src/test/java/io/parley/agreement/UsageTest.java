package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Usage conditions from text to bytes and back, and what they must keep to. */
class UsageTest {
  private static final Samples SAMPLES = new Samples();
  private static final String FILE = "agreement.yaml";
  private static final String TEXT =
      """
      agreement: claims-by-ward
      parties: [insurer, hospital]
      broker: local
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR, "Days off": INTEGER}
          released_to: [insurer]
          identity: patient
          usage:
            join: [patient]
            group: [ward]
            aggregate: {"Days off": [sum, avg], patient: count_distinct, "*": [count]}
            filter: [ward, "Days off"]
        claims: {owner: insurer, columns: {patient: BIGINT, amount: DOUBLE}, identity: patient}
      compute: [insurer]
      results:
        summary:
          recipients: [hospital]
          max_rows: 10000
          min_group: 10
          rounding: {"*": 0.50}
          schema: {ward: VARCHAR, n: BIGINT NOT NULL}
      environment: {evidence: [simulated], tests: strict}
      params:
        query: {type: VARCHAR}
      queries: within_rules
      changes: unanimous
      expires: 2027-06-30
      max_jobs: 100
      """;

  private static Agreement read(String text) {
    return AgreementYaml.parse(text, FILE)
        .resolve(SAMPLES.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  @Test
  void conditionsAreReadAsWritten() {
    Agreement agreement = read(TEXT);

    Usage usage = agreement.dataset("admissions").usage();
    assertThat(usage.aggregate())
        .containsEntry("Days off", List.of("avg", "sum"))
        .containsEntry("*", List.of("count"));
    assertThat(usage.identity()).isEqualTo("patient");
    assertThat(usage.columns()).containsExactly("Days off", "patient", "ward");
    assertThat(agreement.dataset("claims").usage().isStated()).isFalse();
    Shape shape = agreement.result("summary").shape();
    assertThat(shape.minGroup()).isEqualTo(10);
    assertThat(shape.rounding()).containsEntry("*", Rounding.parse("0.5"));
    assertThat(shape.schema()).hasSize(2);
    assertThat(agreement.queries()).isEqualTo(Queries.WITHIN_RULES);
    assertThat(agreement.needsRules()).isTrue();
  }

  @Test
  void textAndBytesComeBackTheSame() {
    Agreement agreement = read(TEXT);

    assertThat(read(AgreementYaml.write(agreement))).isEqualTo(agreement);
    ByteString bytes = AgreementCodec.encode(agreement);
    assertThat(AgreementCodec.decode(bytes)).isEqualTo(agreement);
    assertThat(AgreementCodec.encode(AgreementCodec.decode(bytes))).isEqualTo(bytes);
  }

  @Test
  void changedBytesAreAnotherAgreementOrNone() {
    ByteString bytes = AgreementCodec.encode(read(TEXT));
    Agreement agreement = AgreementCodec.decode(bytes);
    // Keys are most of it, and slow to read.
    for (int i = 0; i < bytes.size(); i += 13) {
      byte[] flipped = bytes.toByteArray();
      flipped[i] ^= 1;
      try {
        assertThat(AgreementCodec.decode(ByteString.copyFrom(flipped))).isNotEqualTo(agreement);
      } catch (RefusedException e) {
        assertThat(e.reason()).isIn(Reason.INVALID_AGREEMENT, Reason.SIZE_LIMIT);
      }
    }
  }

  @Test
  void agreementsWithoutConditionsHaveNoTraceOfThem() {
    var message = io.parley.proto.agreement.v1.Agreement.newBuilder();
    ByteString bytes = AgreementCodec.encode(SAMPLES.agreement());
    try {
      var unused = message.mergeFrom(bytes);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    assertThat(message.getDatasetsList()).noneMatch(d -> d.hasUsage());
    assertThat(message.getQueriesValue()).isZero();
    assertThat(AgreementYaml.write(SAMPLES.agreement()))
        .doesNotContain("usage", "identity", "queries", "min_group", "rounding", "schema");
  }

  @Test
  void onlyColumnsThatAreNamedAreReleased() {
    Agreement agreement = read(TEXT.replace("filter: [ward, \"Days off\"]", "filter: [ward]"));

    assertThat(agreement.dataset("admissions").releasedColumns()).hasSize(3);
    assertThat(agreement.dataset("claims").releasedColumns()).hasSize(2);
    Dataset counted =
        read(TEXT.replaceAll("(?m)^ +(identity|join|group|aggregate): .*\n", "")
                .replaceAll("filter: .*\n", "aggregate: {\"*\": count}\n"))
            .dataset("admissions");
    assertThat(counted.releasedColumns()).extracting(Column::name).containsExactly("patient");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "group: [ward] | group: [wart] | usage.group: 'wart' is no column of it",
        "group: [ward] | group: [ward, ward] | 'ward' is there twice",
        "group: [ward] | groups: [ward] | unknown key 'groups'",
        "[sum, avg] | [sum, averag] | 'averag' is no function that can be granted here",
        "count_distinct | max | 'max' is no function that a column of identities can have",
        "`\"*\": [count]` | `\"*\": [sum]` | 'sum' is no function that can be granted here",
        "identity: patient | identity: patent | identity: 'patent' is no column of it",
        "min_group: 10 | min_group: 1 | is 1; expected 2 to 1000000",
        "min_group: 10 | min_group: 0 | min_group",
        "min_group: 10 | min_group: many | expected a whole number",
        "0.50 | 0.3 | '0.3' is nothing to round to",
        "0.50 | 1e3 | '1e3' is nothing to round to",
        "`{\"*\": 0.50}` | {n: 5} | must be '*' alone where jobs write the query",
        "n: BIGINT NOT NULL | n: BIGNT | BIGNT",
        "{type: VARCHAR} | {value: SELECT} | needs 'query: {type: VARCHAR}' in params",
        "{type: VARCHAR} | {type: BIGINT} | needs 'query: {type: VARCHAR}' in params",
        "within_rules | fixed | params let each job set 'query'",
        "within_rules | free | queries: is 'free'",
      })
  void whatIsWrongIsToldWithItsPlace(String right, String wrong, String message) {
    assertThat(TEXT).contains(right);

    assertThatThrownBy(() -> read(TEXT.replaceFirst(java.util.regex.Pattern.quote(right), wrong)))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContaining(message)
        .hasMessageContaining(FILE + ":");
  }

  @Test
  void aSmallestGroupNeedsSomethingToCount() {
    assertThatThrownBy(() -> read(TEXT.replaceAll("(?m),? *identity: patient", "")))
        .hasMessageContaining("no dataset names its 'identity' column");
  }

  @Test
  void usageThatGrantsNothingIsNoUsage() {
    assertThatThrownBy(
            () -> read(TEXT.replace("DOUBLE}, identity", "DOUBLE}, usage: {}, identity")))
        .hasMessageContaining("datasets.claims.usage: is empty, so nothing is allowed");
  }

  @Test
  void noticesSayWhichConditionHeldAndNotWhatItDid() {
    assertThat(ResultNotices.of(read(TEXT), "summary"))
        .containsExactly(
            "Groups of fewer than 10 distinct admissions.patient or claims.patient are left out of"
                + " 'summary', if there are any; so are groups with a figure that rests on fewer, or"
                + " for which a join counts a row of a dataset more than once.",
            "Numbers in 'summary' are rounded: every aggregate to multiples of 0.5.");
    assertThat(ResultNotices.of(SAMPLES.agreement(), "summary")).isEmpty();
  }
}
