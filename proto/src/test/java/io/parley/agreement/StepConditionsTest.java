package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.gate.GateScope;
import io.parley.wire.Digest;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Owners' conditions in a chain: the first step reads their rows, the second what that hands on.
 */
class StepConditionsTest {
  private static final String TEXT =
      """
      agreement: stays
      parties: [hospital, insurer]
      chain:
        count:
          app: sql
          reads: {admissions: all, claims: {patient: BIGINT NOT NULL, amount: DOUBLE}}
          params: {query: "SELECT 1"}
          writes: {wards: {columns: {ward: VARCHAR, n: BIGINT}, read_by: [fit]}}
        fit:
          app: regression
          reads: [wards]
          params: {target: {from: target}}
          writes: [effect, fitted]
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR, days: INTEGER, diagnosis: VARCHAR}
          released_to: [insurer]
          read_by: [count]
          identity: patient
          usage: {join: [patient], group: [ward], aggregate: {days: sum, "*": count}}
          gate: required
        claims:
          owner: insurer
          columns: {patient: BIGINT NOT NULL, amount: DOUBLE, note: VARCHAR}
          read_by: [count]
          identity: patient
      compute: [insurer]
      results:
        effect: {recipients: [hospital], max_rows: 10, min_group: 10}
        fitted: {recipients: [hospital], max_rows: 10, rounding: {"*": 5}}
      params:
        target: {type: VARCHAR}
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  private final Samples world = new Samples();

  private Agreement agreement(String text) {
    return AgreementYaml.parse(text, "stays.yaml")
        .resolve(world.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  private static String with(String from, String to) {
    assertThat(TEXT).contains(from);
    return TEXT.replace(from, to);
  }

  private static ChainStep step(Agreement agreement, String name) {
    return Objects.requireNonNull(agreement.chain()).step(name);
  }

  @Test
  void aStepThatReadsTheRowsItselfIsBoundAndALaterOneIsNot() {
    Agreement agreement = agreement(TEXT);
    StepConditions conditions = StepConditions.of(agreement);
    ChainStep count = step(agreement, "count");
    assertThat(conditions.bind(count.flow())).isTrue();
    assertThat(conditions.bind(step(agreement, "fit").flow())).isFalse();
    // What is handed on keeps to the largest of all smallest groups.
    assertThat(conditions.shape(count.outputs().getFirst()).minGroup()).isEqualTo(10);
    assertThat(AgreementYaml.parse(TEXT, "stays.yaml").stepsWithConditions())
        .containsExactly("count");
    assertThat(ComparedDatasets.of(agreement)).isEmpty();
    assertThat(ResultNotices.of(agreement, "fitted").getFirst())
        .contains("fewer than 10 distinct", "'fitted'");
  }

  /** As 'parley gate try' rehearses it: small groups are dropped, and only where there are any. */
  @Test
  void aStepAloneKeepsToTheSame() {
    Agreement whole = agreement(TEXT);
    for (String name : List.of("count", "fit")) {
      Agreement alone =
          AgreementYaml.parse(TEXT, "stays.yaml")
              .only(new Gate("hospital", name))
              .resolve(world.membership(), app -> Samples.APP, () -> Samples.SHIM);
      assertThat(identityOf(alone, name)).isEqualTo(identityOf(whole, name));
      assertThat(alone.results())
          .allSatisfy(
              rule -> assertThat(rule.shape().minGroup()).isEqualTo(name.equals("count") ? 10 : 0));
    }
  }

  private static Digest identityOf(Agreement agreement, String step) {
    return StepIdentity.of(
        step(agreement, step), Objects.requireNonNull(agreement.chain()), agreement);
  }

  @Test
  void identityAloneBindsWhereGroupsAreCounted() {
    String people =
        with(
            "    usage: {join: [patient], group: [ward], aggregate: {days: sum, \"*\": count}}\n",
            "");
    assertThat(AgreementYaml.parse(people, "stays.yaml").stepsWithConditions())
        .containsExactly("count");
    assertThat(
            AgreementYaml.parse(people.replace(", min_group: 10", ""), "stays.yaml")
                .stepsWithConditions())
        .isEmpty();
  }

  @Test
  void onlyColumnsOfTheUsageGetToAStep() {
    GateScope scope = GateScope.of(agreement(TEXT), new Gate("hospital", "count"));
    assertThat(scope.inputs().get("admissions"))
        .extracting(Column::name)
        .containsExactly("patient", "ward", "days");
    assertThatThrownBy(() ->
            agreement(with("admissions: all", "admissions: {patient: BIGINT, diagnosis: VARCHAR}")))
        .hasMessageContaining(
            "'admissions' has no column 'diagnosis' that its owner's usage names");
  }

  @Test
  void theColumnThatStandsForPeopleMustBeRead() {
    String without = with("{patient: BIGINT NOT NULL, amount: DOUBLE}}", "{amount: DOUBLE}}");
    assertThatThrownBy(() -> agreement(without))
        .hasMessageContaining("chain.count.reads.claims: must have 'patient' too");
    assertThat(agreement(without.replace(", min_group: 10", "")).chain()).isNotNull();
  }

  @Test
  void jobsSetNothingOfAStepThatIsBound() {
    assertThatThrownBy(() ->
            agreement(with("params: {query: \"SELECT 1\"}", "params: {query: {from: target}}")))
        .hasMessageContaining("chain.count.params.query: is set by jobs");
    assertThatThrownBy(() ->
            agreement(
                with("params: {query: \"SELECT 1\"}", "params: {query: x, since: {from: target}}")))
        .hasMessageContaining("chain.count.params.since: is set by jobs");
    assertThatThrownBy(() -> agreement(TEXT + "queries: within_rules\n"))
        .hasMessageContaining("there is a chain, whose answers are not compared");
  }

  @Test
  void conditionsArePartOfTheIdentityOfTheStepThatKeepsToThem() {
    Digest identity = identity(TEXT, "count");
    assertThat(identity(with("group: [ward]", "group: [ward, days]"), "count"))
        .isNotEqualTo(identity);
    assertThat(identity(with("min_group: 10", "min_group: 5"), "count")).isNotEqualTo(identity);
    assertThat(identity(with("identity: patient\n    usage", "usage"), "count"))
        .isNotEqualTo(identity);
    assertThat(identity(with("gate: required", "gate: none"), "count")).isEqualTo(identity);
    assertThat(identity(with("max_jobs: 3", "max_jobs: 4"), "count")).isEqualTo(identity);
    // A later step is told nothing of them.
    assertThat(identity(with("min_group: 10", "min_group: 5"), "fit"))
        .isEqualTo(identity(TEXT, "fit"));
  }

  private Digest identity(String text, String step) {
    Agreement agreement = agreement(text);
    return StepIdentity.of(
        step(agreement, step), Objects.requireNonNull(agreement.chain()), agreement);
  }
}
