package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateScope;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Verification gates before the steps of a chain. */
class StepGateTest {
  private final Samples world = new Samples();

  private static String gated(String... datasets) {
    String text = ChainSamples.YAML;
    for (String dataset : datasets) {
      text =
          text.replace(
              "  %s:\n    owner".formatted(dataset),
              "  %s:\n    gate: required\n    owner".formatted(dataset));
    }
    return text;
  }

  private Agreement agreement(String text) {
    return AgreementYaml.parse(text, "chain.yaml")
        .resolve(
            world.membership(),
            name -> name.equals("matching") ? ChainSamples.MATCHING : ChainSamples.REGRESSION,
            () -> Samples.SHIM);
  }

  @Test
  void everyStepThatTheRowsReachHasAGateOfTheirOwner() {
    assertThat(agreement(gated("people")).gatesBefore("insurer"))
        .containsExactly(new Gate("hospital", "fit"), new Gate("hospital", "match"));
    assertThat(agreement(gated("people", "incomes")).gates())
        .containsExactly(
            new Gate("hospital", "fit"),
            new Gate("hospital", "match"),
            new Gate("insurer", "fit"),
            new Gate("insurer", "match"));
    assertThat(agreement(gated("people")).gatesBefore("hospital")).isEmpty();
    assertThat(agreement(ChainSamples.YAML).gates()).isEmpty();
  }

  @Test
  void aStepThatNothingOfTheRowsReachesHasNone() {
    String apart =
        gated("incomes")
            .replace(
                "reads: {people: all, incomes: {id: BIGINT, later: DOUBLE}}", "reads: [people]")
            .replace("read_by: [fit]", "read_by: [sum]")
            .replace("read_by: [match]\ncompute", "read_by: [fit]\ncompute")
            .replace(
                "    reads: {sample: {later: DOUBLE, treat: INTEGER}}\n", "    reads: [incomes]\n")
            .replace(
                "    writes: [effect]\n",
                "    writes: [effect]\n  sum: {app: regression, reads: [sample], writes: [more]}\n")
            .replace("  effect: {", "  more: {recipients: [insurer], max_rows: 1}\n  effect: {");
    assertThat(agreement(apart).gates()).containsExactly(new Gate("insurer", "fit"));
  }

  @Test
  void moreGatesThanEvidenceCanTellOfAreRefused() {
    StringBuilder steps = new StringBuilder();
    StringBuilder results = new StringBuilder();
    StringBuilder datasets = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      steps.append("  s%d: {app: a, reads: [%s], writes: [r%d]}\n".formatted(i, "d0, d1, d2", i));
      results.append("  r%d: {recipients: [p0], max_rows: 1}\n".formatted(i));
    }
    String all = "s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15";
    for (int i = 0; i < 3; i++) {
      datasets.append(
          "  d%d: {owner: p%d, columns: {k: BIGINT}, released_to: [p0], gate: required, read_by: [%s]}\n"
              .formatted(i, i, all));
    }
    String text =
        """
        agreement: many
        parties: [p0, p1, p2]
        chain:
        %sdatasets:
        %scompute: [p0]
        results:
        %senvironment: {evidence: [simulated], tests: strict}
        changes: never
        expires: 2030-01-01
        max_jobs: 3
        """
            .formatted(steps, datasets, results);
    assertThatThrownBy(() -> AgreementYaml.parse(text, "many.yaml"))
        .hasMessageContaining("verification gates")
        .hasMessageContaining("48")
        .hasMessageContaining("32");
  }

  @Test
  void aSetForAStepHasWhatThatStepReadsIsToldAndWrites() {
    SignedAgreement signed = SignedAgreement.unsigned(agreement(gated("people")));
    GateScope match = GateScope.of(signed.agreement(), new Gate("hospital", "match"));
    assertThat(match.app()).isEqualTo(ChainSamples.MATCHING);
    assertThat(match.inputs().keySet()).containsExactly("incomes", "people");
    assertThat(match.inputs().get("incomes"))
        .extracting(Column::name)
        .containsExactly("id", "later");
    assertThat(match.outputs()).containsExactly("balance", "sample");
    assertThat(match.parameters())
        .containsExactly(
            new Parameter.Free("caliper", ColumnType.parse("DOUBLE")),
            new Parameter.Fixed("treatment", "treat"));
    GateScope fit = GateScope.of(signed.agreement(), new Gate("hospital", "fit"));
    assertThat(fit.inputs().get("sample"))
        .extracting(Column::name)
        .containsExactly("later", "treat");

    VerificationSet right = set(signed, "match", Map.of("caliper", "0.5"), 0);
    assertThat(right.check(signed, "hospital")).isSameAs(right);
    assertThat(VerificationSet.parse(right.encode())).isEqualTo(right);
    assertThat(right.allParameters(signed))
        .isEqualTo(Map.of("caliper", "0.5", "treatment", "treat"));
    assertThat(set(signed, "match", Map.of("caliper", "0.5"), 7).digest())
        .isNotEqualTo(right.digest());
    refused(signed, set(signed, "match", Map.of(), 0), "caliper");
    refused(
        signed, set(signed, "match", Map.of("caliper", "0.5", "treatment", "x"), 0), "treatment");
    refused(signed, set(signed, "fit", Map.of(), 0), "app: is");
    refused(signed, set(signed, "", Map.of("caliper", "0.5"), 0), "step: is ''");
    refused(
        signed,
        set(signed, "mach", Map.of("caliper", "0.5"), 0),
        "rows of hospital reach: [fit, match]");
    assertThatThrownBy(() -> set(signed, "match", Map.of(), 91)).hasMessageContaining("0 to 90");
    assertThatThrownBy(() -> set(signed, "match", Map.of(), -1)).hasMessageContaining("0 to 90");
  }

  private static void refused(SignedAgreement signed, VerificationSet set, String why) {
    assertThatThrownBy(() -> set.check(signed, "hospital")).hasMessageContaining(why);
  }

  private static VerificationSet set(
      SignedAgreement signed, String step, Map<String, String> parameters, int certifyDays) {
    ByteString rows = ByteString.copyFromUtf8("arrow");
    ExpectedColumn column = ExpectedColumn.of("n", Tolerance.EXACT, List.of("1"));
    return new VerificationSet(
        signed.digest(),
        "hospital",
        "small",
        step,
        ChainSamples.MATCHING,
        new TreeMap<>(parameters),
        List.of(
            new VerificationTable("incomes", 1, rows), new VerificationTable("people", 1, rows)),
        List.of(
            new ExpectedResult("balance", false, false, List.of(column), 1),
            new ExpectedResult("sample", false, false, List.of(column), 1)),
        GateAllowance.DEFAULT,
        certifyDays,
        ByteString.copyFrom(new byte[32]));
  }

  /** As 'parley gate try' rehearses it. */
  @Test
  void aStepAloneIsTheSameStepBehindTheSameGate() {
    String text = gated("people");
    Agreement whole = agreement(text);
    for (String step : List.of("match", "fit")) {
      Gate gate = new Gate("hospital", step);
      Agreement alone =
          AgreementYaml.parse(text, "chain.yaml")
              .only(gate)
              .resolve(
                  world.membership(),
                  name -> name.equals("matching") ? ChainSamples.MATCHING : ChainSamples.REGRESSION,
                  () -> Samples.SHIM);
      assertThat(alone.gates()).containsExactly(gate);
      assertThat(identity(alone, step)).isEqualTo(identity(whole, step));
      assertThat(GateScope.of(alone, gate)).isEqualTo(GateScope.of(whole, gate));
      assertThat(alone.results())
          .extracting(ResultRule::name)
          .containsExactlyInAnyOrderElementsOf(GateScope.of(whole, gate).outputs());
      assertThat(alone.gatesBefore("insurer")).containsExactly(gate);
    }
    AgreementDraft draft = AgreementYaml.parse(text, "chain.yaml");
    assertThatThrownBy(() -> draft.only(new Gate("hospital", "mach")))
        .hasMessageContaining("no step 'mach', only [match, fit]");
  }

  @Test
  void aParameterThatJobsSetIsOpenInTheStepsIdentity() {
    Agreement agreement = agreement(ChainSamples.YAML);
    Agreement fixed =
        agreement(
            ChainSamples.YAML.replace("caliper: {type: DOUBLE}", "caliper: {value: \"0.5\"}"));
    Agreement other =
        agreement(
            ChainSamples.YAML.replace("caliper: {type: DOUBLE}", "caliper: {value: \"0.25\"}"));
    assertThat(identity(agreement, "match")).isNotEqualTo(identity(fixed, "match"));
    assertThat(identity(other, "match")).isNotEqualTo(identity(fixed, "match"));
    assertThat(agreement.environment().digest()).isEqualTo(fixed.environment().digest());
  }

  private static io.parley.wire.Digest identity(Agreement agreement, String step) {
    Chain chain = java.util.Objects.requireNonNull(agreement.chain());
    return StepIdentity.of(chain.step(step), chain, agreement);
  }
}
