package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import org.junit.jupiter.api.Test;

/** Chains as people write them, wrongly. */
class ChainYamlTest {
  private static void assertRefused(String text, String... messages) {
    assertThatThrownBy(() -> AgreementYaml.parse(text, "chain.yaml"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(messages);
  }

  private static String with(String... pairs) {
    String text = ChainSamples.YAML;
    for (int i = 0; i < pairs.length; i += 2) {
      assertThat(text).contains(pairs[i]);
      text = text.replace(pairs[i], pairs[i + 1]);
    }
    return text;
  }

  @Test
  void draftTellsStepsAndApps() {
    AgreementDraft draft = AgreementYaml.parse(ChainSamples.YAML, "chain.yaml");
    assertThat(draft.steps()).containsExactly("match", "fit");
    assertThat(draft.apps()).containsExactly("matching", "regression");
  }

  @Test
  void everythingThatIsWrongIsToldAtOnceWithItsPlace() {
    assertRefused(
        with(
            "treatment: treat, caliper: {from: caliper}",
                "treatment: treat, caliper: {from: calliper}",
            "incomes: {id: BIGINT, later: DOUBLE}", "incomes: {id: VARCHAR, latter: DOUBLE}",
            "reads: {sample:", "reads: {sampel:",
            "app: regression", "app: regression\n    keep: none"),
        "chain.yaml:7:",
        "chain.match.params.caliper: 'calliper' is no parameter of the agreement; did you mean 'caliper'?",
        "chain.yaml:6:",
        "chain.match.reads.incomes.id: is BIGINT in 'incomes'; the step needs VARCHAR",
        "chain.match.reads.incomes.latter: 'incomes' has no column 'latter'; did you mean 'later'?",
        "chain.yaml:15:",
        "chain.fit.keep: 'keep' is for results: it stands in results.NAME. What a step of a chain hands on is always wiped");
    assertRefused(
        with("reads: {sample:", "reads: {sampel:"),
        "chain.yaml:15:",
        "'sampel' is neither a dataset nor written by a step; did you mean 'sample'?",
        "chain.match.writes.sample.read_by: step 'fit' may read 'sample' and does not");
  }

  @Test
  void datasetIsReadByNobodyUnlessItsOwnerSaysSo() {
    assertRefused(
        with("    read_by: [match]\n  incomes", "  incomes"),
        "chain.yaml:6:",
        "step 'match' may not read dataset 'people' of 'hospital'",
        "datasets.people.read_by");
    assertRefused(
        with("read_by: [match]\n  incomes", "read_by: [match, fit]\n  incomes"),
        "datasets.people.read_by: step 'fit' may read 'people' and does not");
    assertRefused(
        with("read_by: [match]\n  incomes", "read_by: [mach]\n  incomes"),
        "'mach' is no step of this chain; did you mean 'match'?");
  }

  @Test
  void intermediateIsReadByNobodyUnlessItSaysSo() {
    assertRefused(
        with("        read_by: [fit]\n", ""),
        "step 'fit' may not read 'sample' of step 'match'; add it to chain.match.writes.sample.read_by");
  }

  @Test
  void edgesMustFit() {
    assertRefused(
        with("later: DOUBLE NOT NULL}", "later: FLOAT}"),
        "chain.fit.reads.sample.later: is FLOAT in 'sample'; the step needs DOUBLE");
    assertRefused(
        with(
            "reads: {sample: {later: DOUBLE, treat: INTEGER}}",
            "reads: {sample: {treat: INTEGER NOT NULL}}"),
        "chain.yaml:15:22:",
        "chain.fit.reads.sample.treat: may be null in 'sample'; the step needs it NOT NULL");
    assertRefused(
        with("        columns: {treat: INTEGER, later: DOUBLE NOT NULL}\n", ""),
        "its columns must stand here");
  }

  @Test
  void cyclesAndWrongOrderAreTold() {
    assertRefused(
        with(
            "reads: {people: all,", "reads: {people: all, again: all,",
            "writes: [effect]",
                "writes: {effect: {}, again: {columns: {x: DOUBLE}, read_by: [match]}}"),
        "chain.yaml:6:",
        "the steps wait for each other: match <- fit <- match");
    assertRefused(
        with(
            "reads: {people: all,", "reads: {people: all, sample: all,",
            "read_by: [fit]", "read_by: [fit, match]"),
        "step 'match' reads what it writes itself");
    String text = ChainSamples.YAML;
    int match = text.indexOf("  match:");
    int fit = text.indexOf("  fit:");
    int end = text.indexOf("datasets:");
    String turned =
        text.substring(0, match)
            + text.substring(fit, end)
            + text.substring(match, fit)
            + text.substring(end);
    assertRefused(
        turned,
        "step 'fit' reads 'sample', which step 'match' writes later; put 'match' before 'fit'");
  }

  @Test
  void namesHaveOneProducer() {
    assertRefused(
        with("writes: [effect]", "writes: [effect, balance]"),
        "chain.yaml:17:",
        "'balance' is written by step 'match' already");
    assertRefused(
        with("writes: [effect]", "writes: {effect: {}, people: {}}"),
        "chain.fit.writes.people: 'people' is the name of a dataset");
  }

  @Test
  void nothingIsForNothing() {
    assertRefused(
        with("writes: [effect]", "writes: [effect, efect]"),
        "'efect' is no result of the agreement, and no step reads it; did you mean 'effect'?");
    assertRefused(
        with("writes: [effect]", "writes: [balanc]"), "results.effect: no step writes it");
    assertRefused(
        with("{people: all, incomes:", "{incomes:", "    read_by: [match]\n  incomes", "  incomes"),
        "datasets.people: no step reads it");
    assertRefused(with(", caliper: {from: caliper}}", "}"), "params.caliper: no step takes it");
  }

  @Test
  void appAndChainExcludeEachOther() {
    assertRefused(with("chain:\n", "app: sql\nchain:\n"), "app: is there beside a chain");
    String text = ChainSamples.YAML;
    String single =
        text.substring(0, text.indexOf("chain:"))
            + "app: sql\n"
            + text.substring(text.indexOf("datasets:"));
    assertRefused(single, "datasets.people.read_by: is for the steps of a chain");
    assertRefused(
        single.replace("app: sql\n", "").replace("    read_by: [match]\n", ""), "'app' is missing");
  }

  @Test
  void wrongShapesAreToldNotThrown() {
    assertRefused(
        with("reads: {sample: {later: DOUBLE, treat: INTEGER}}", "reads: 7"), "chain.fit.reads");
    assertRefused(with("writes: [effect]", "writes: effect"), "chain.fit.writes");
    assertRefused(with("app: regression", "app: [regression]"), "chain.fit.app");
    assertRefused(with("app: regression", "app: sha256:12"), "chain.fit.app");
    assertRefused(with("balance: {}", "balance: {colums: {a: DOUBLE}}"), "did you mean 'columns'?");
    assertRefused(
        with("caliper: {from: caliper}", "caliper: {}"), "needs either 'value', or 'from'");
    assertRefused(
        ChainSamples.YAML.replaceFirst("(?s)chain:.*?datasets:", "chain: {}\ndatasets:"),
        "chain: has 0 entries; expected 1 to 16");
  }

  @Test
  void everyCharacterReplacedIsRefusedOrADraft() {
    String text = ChainSamples.YAML;
    for (int i = 0; i < text.length(); i++) {
      for (char other : new char[] {':', '[', '\n', '"', 'x'}) {
        String changed = text.substring(0, i) + other + text.substring(i + 1);
        try {
          assertThat(AgreementYaml.parse(changed, "chain.yaml").parties()).isNotEmpty();
        } catch (RefusedException e) {
          assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT);
        }
      }
    }
  }
}
