package io.parley.peer.gates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainGrant;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainParameter;
import io.parley.agreement.ChainStep;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.Gate;
import io.parley.agreement.GateRule;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.StepFlow;
import io.parley.agreement.Terms;
import io.parley.gate.BearingColumns;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.identity.PartyIdentity;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateFolderTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Digest ANY = Digest.of(new byte[1]);

  @TempDir Path temporary;
  private Path folder;
  private SignedAgreement signed;

  @BeforeEach
  void write() throws IOException {
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-21T00:00:00Z"));
    signed =
        SignedAgreement.unsigned(
            new Agreement(
                "wards",
                List.of(
                    PartyIdentity.generate("hospital", clock, RANDOM).party(),
                    PartyIdentity.generate("insurer", clock, RANDOM).party()),
                ANY,
                ANY,
                List.of(
                    new Dataset(
                        "admissions",
                        "hospital",
                        List.of(
                            new Column("patient", ColumnType.BIGINT, false),
                            new Column("ward", ColumnType.VARCHAR, true),
                            new Column("days", ColumnType.INTEGER, true)),
                        List.of("insurer"),
                        GateRule.REQUIRED),
                    new Dataset(
                        "claims",
                        "insurer",
                        List.of(new Column("patient", ColumnType.BIGINT, false)),
                        List.of())),
                List.of("insurer"),
                List.of(new ResultRule("summary", List.of("hospital"), 100)),
                new Environment(
                    List.of("simulated"),
                    List.of(ANY),
                    Map.of("network", "denied"),
                    List.of("bwrap")),
                Terms.of(ChangeRule.NEVER, Instant.parse("2030-01-01T00:00:00Z"), 1),
                List.of(new Parameter.Free("since", ColumnType.DATE))));
    folder = Files.createDirectories(temporary.resolve("tiny"));
    Files.createDirectories(folder.resolve("expected"));
    Files.writeString(folder.resolve("admissions.csv"), "patient,ward,days\n1,a,3\n2,,4\n");
    Files.writeString(folder.resolve("claims.csv"), "patient\n1\n");
    Files.writeString(folder.resolve("expected/summary.csv"), "ward,total\na,1.5\n,\n\"\",2\n");
    settings("params: {since: 2026-01-01}\n");
  }

  private void settings(String yaml) throws IOException {
    Files.writeString(folder.resolve("gate.yaml"), yaml);
  }

  private VerificationSet read() {
    return GateFolder.open(folder).read(signed, Gate.ofApp("hospital"), temporary, RANDOM);
  }

  @Test
  void readsTablesAndWhatMustComeOut() {
    VerificationSet set = read();
    assertThat(set.name()).isEqualTo("tiny");
    assertThat(set.owner()).isEqualTo("hospital");
    assertThat(set.inputs()).extracting("dataset").containsExactly("admissions", "claims");
    assertThat(set.inputs()).extracting("rows").containsExactly(2L, 1L);
    ExpectedResult result = set.results().getFirst();
    assertThat(result.rows()).isEqualTo(3);
    assertThat(result.ordered()).isFalse();
    assertThat(result.columns().get(0).cells()).isEqualTo(Arrays.asList("a", null, null));
    assertThat(result.columns().get(1).tolerance()).isEqualTo(Tolerance.EXACT);
    assertThat(set.allowance()).isEqualTo(GateAllowance.DEFAULT);
    assertThat(VerificationSet.parse(set.encode())).isEqualTo(set);
    assertThat(read().digest()).isNotEqualTo(set.digest());
  }

  @Test
  void theExampleOfThePageIsRead() throws IOException {
    String page = Files.readString(Path.of("../deploy/docs/gate.md"));
    Matcher example = Pattern.compile("(?s)```yaml\n(# gate.yaml\n.*?)```").matcher(page);
    assertThat(example.find()).isTrue();
    settings(example.group(1));
    VerificationSet set = read();
    assertThat(set.name()).isEqualTo("small");
    assertThat(set.parameters()).containsEntry("since", "2026-01-01");
    assertThat(set.results().getFirst().ordered()).isTrue();
    assertThat(set.results().getFirst().columns().get(1).tolerance())
        .isEqualTo(new Tolerance(0.005, 1e-9));
    assertThat(set.allowance())
        .isEqualTo(
            new GateAllowance(
                true, 512L << 20, Duration.ofSeconds(30), bearing("admissions", "ward", "days")));
    for (String file : List.of("admissions.csv", "claims.csv", "expected/summary.csv")) {
      assertThat(page).contains("  " + file);
    }
  }

  private static BearingColumns bearing(String table, String... columns) {
    return new BearingColumns(new TreeMap<>(Map.of(table, new TreeSet<>(List.of(columns)))));
  }

  @Test
  void columnsThatMayBearOnResultsAreOfTheAgreement() throws IOException {
    settings("params: {since: 2026-01-01}\ncolumns: {claims: []}\n");
    assertThat(read().allowance().columns()).isEqualTo(bearing("claims"));
    settings("params: {since: 2026-01-01}\ncolumns: {claims: patient}\n");
    refused(Reason.INVALID_VERIFICATION_SET, "gate.yaml:2:", "columns.claims", "expected a list");
    settings("params: {since: 2026-01-01}\ncolumns: {admissions: [ward, zip], claim: []}\n");
    refused(
        Reason.INVALID_VERIFICATION_SET,
        "columns.admissions: 'zip' is no column that the app gets",
        "some of [patient, ward, days]",
        "columns.claim: is nothing that the app reads; expected one of [admissions, claims]");
  }

  @Test
  void aStepsFolderHasWhatItReadsAndWrites() throws IOException {
    SignedAgreement chained = chained();
    String page = Files.readString(Path.of("../deploy/docs/gate.md"));
    Matcher example = Pattern.compile("(?s)```yaml\n(# gate.yaml of a step\n.*?)```").matcher(page);
    assertThat(example.find()).isTrue();
    Path fit = Files.createDirectories(temporary.resolve("fit"));
    Files.createDirectories(fit.resolve("expected"));
    Files.writeString(fit.resolve("sample.csv"), "patient\n1\n");
    Files.writeString(fit.resolve("expected/effect.csv"), "n\n1\n");
    Files.writeString(fit.resolve("gate.yaml"), example.group(1));
    for (String file : List.of("sample.csv", "expected/effect.csv", "gate.yaml")) {
      assertThat(page).contains("  " + file);
    }
    VerificationSet set = read(chained, fit, "fit");
    assertThat(set.step()).isEqualTo("fit");
    assertThat(set.parameters()).containsExactly(Map.entry("caliper", "0.1"));
    assertThat(set.certifyDays()).isEqualTo(30);
    assertThat(set.inputs()).extracting("dataset").containsExactly("sample");
    Files.writeString(fit.resolve("gate.yaml"), "params: {caliper: 0.1}\ncertify_days: 0\n");
    assertThat(read(chained, fit, "fit").certifyDays()).isZero();
    Files.writeString(fit.resolve("gate.yaml"), "certify_days: 91\n");
    assertThatThrownBy(() -> read(chained, fit, "fit")).hasMessageContaining("from 0 to 90");
    Files.delete(fit.resolve("gate.yaml"));
    assertThatThrownBy(() -> read(chained, fit, ""))
        .hasMessageContaining("say which step it is for, one of [fit, match]");
    assertThatThrownBy(() -> read(chained, fit, "match"))
        .hasMessageContaining("admissions: is missing")
        .hasMessageContaining("sample: the agreement has no such");
    assertThatThrownBy(() -> read(signed, folder, "fit"))
        .hasMessageContaining("one app, and no steps");
  }

  private VerificationSet read(SignedAgreement agreement, Path from, String step) {
    return GateFolder.open(from).read(agreement, new Gate("hospital", step), temporary, RANDOM);
  }

  private SignedAgreement chained() {
    Agreement plain = signed.agreement();
    Column patient = new Column("patient", ColumnType.BIGINT, false);
    Chain chain =
        new Chain(
            List.of(
                new ChainStep(
                    "match",
                    ANY,
                    new StepFlow(
                        List.of(
                            new ChainInput("admissions", List.of()),
                            new ChainInput("claims", List.of())),
                        List.of(new ChainOutput("sample", List.of(patient), List.of("fit"))),
                        List.of())),
                new ChainStep(
                    "fit",
                    ANY,
                    new StepFlow(
                        List.of(new ChainInput("sample", List.of())),
                        List.of(new ChainOutput("effect", List.of(), List.of())),
                        List.of(new ChainParameter.From("caliper", "how-far"))))),
            List.of(
                new ChainGrant("admissions", List.of("match")),
                new ChainGrant("claims", List.of("match"))));
    return SignedAgreement.unsigned(
        new Agreement(
            plain.name(),
            plain.parties(),
            plain.broker(),
            chain.digest(),
            plain.datasets(),
            plain.compute(),
            List.of(new ResultRule("effect", List.of("hospital"), 100)),
            plain.environment(),
            plain.terms(),
            List.of(new Parameter.Free("how-far", ColumnType.parse("DOUBLE"))),
            plain.brokerEvidence(),
            plain.queries(),
            chain));
  }

  @Test
  void jsonIsATableOfItsValues() throws IOException {
    Files.delete(folder.resolve("expected/summary.csv"));
    Files.writeString(
        folder.resolve("expected/summary.json"),
        "{\"r2\": 0.50, \"terms\": [\"a\", null, true, {}, []]}");
    ExpectedResult result = read().results().getFirst();
    assertThat(result.json()).isTrue();
    assertThat(result.columns().get(0).cells())
        .containsExactly(
            "$.r2", "$.terms[0]", "$.terms[1]", "$.terms[2]", "$.terms[3]", "$.terms[4]");
    assertThat(result.columns().get(1).cells())
        .isEqualTo(Arrays.asList("0.50", "\"a\"", null, "true", "{}", "[]"));
    Files.writeString(folder.resolve("expected/summary.json"), "{\n\"r2\": }");
    refused(Reason.INVALID_VERIFICATION_SET, "summary.json, line 2");
  }

  @Test
  void aWrongRowHasItsFileLineAndColumn() throws IOException {
    Files.writeString(folder.resolve("admissions.csv"), "patient,ward,days\n1,a,3\nx,b,4\n");
    refused(Reason.INVALID_DATASET, "admissions.csv", "line 3", "'patient'", "BIGINT");
    Files.writeString(folder.resolve("admissions.csv"), "patient,ward,days\n1,a,3\n");
    Files.writeString(folder.resolve("expected/summary.csv"), "ward,total\na\n");
    refused(Reason.INVALID_DATASET, "summary.csv", "line 2", "expected 2 fields");
  }

  @Test
  void everyFileIsSomethingAndNothingIsMissing() throws IOException {
    Files.move(folder.resolve("claims.csv"), folder.resolve("claim.csv"));
    Files.move(folder.resolve("expected/summary.csv"), folder.resolve("expected/summaries.csv"));
    refused(
        Reason.INVALID_VERIFICATION_SET,
        "claims: is missing",
        "claim: the agreement has no such dataset",
        "expected/summary: is missing",
        "expected/summaries: the agreement has no such result");
    Files.writeString(folder.resolve("notes.txt"), "x");
    refused(Reason.INVALID_VERIFICATION_SET, "notes.txt: expected .csv or .parquet");
  }

  @Test
  void everyMistakeInTheSettingsHasItsPlace() throws IOException {
    settings(
        """
        params: {since: 2026-01-01}
        tolerance: {summary: {total: {absolut: 1}}}
        processes: some
        max_seconds: 0
        """);
    refused(
        Reason.INVALID_VERIFICATION_SET,
        "gate.yaml:2:",
        "absolut",
        "gate.yaml:3:",
        "'some' is not allowed or forbidden",
        "gate.yaml:4:");
    settings("tolerance: {summary: {totals: {absolute: 1}}, other: {}}\nordered: [another]\n");
    refused(Reason.INVALID_VERIFICATION_SET, "tolerance.other", "'another'");
    settings("params: {since: yesterday}\n");
    refused(Reason.INVALID_VERIFICATION_SET, "since");
    settings("params: {since: 2026-01-01}\ntolerance: {summary: {totals: {absolute: 1}}}\n");
    refused(Reason.INVALID_VERIFICATION_SET, "tolerance.summary.totals", "no such column");
  }

  private void refused(Reason reason, String... parts) {
    assertThatThrownBy(this::read)
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason))
        .hasMessageContainingAll(parts);
  }
}
