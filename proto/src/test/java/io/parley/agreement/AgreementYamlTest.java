package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.seal.HpkeSuite;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgreementYamlTest {
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
          columns:
            patient: BIGINT NOT NULL
            ward: VARCHAR
            days: {type: integer, nullable: true}
          released_to: [insurer]
        claims: {owner: insurer, columns: {patient: {type: BIGINT, nullable: false}, amount: "DECIMAL(12,2)"}}
      compute: [insurer]
      results:
        summary: {recipients: [hospital, insurer], max_rows: 10000}
      environment:
        evidence: [simulated]
        tests: strict
      params:
        query: {value: "SELECT ward, count(*) FROM admissions GROUP BY ward"}
        since: {type: DATE}
      changes: unanimous
      expires: 2027-06-30
      max_jobs: 100
      """;

  private static Agreement resolve(AgreementDraft draft) {
    return draft.resolve(SAMPLES.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  @Test
  void readsWhatTheDesignShows() {
    assertThat(resolve(AgreementYaml.parse(TEXT, FILE))).isEqualTo(SAMPLES.agreement());
  }

  @Test
  void readsBackWhatItWrites() {
    Agreement agreement = SAMPLES.agreement();
    String written = AgreementYaml.write(agreement);
    assertThat(resolve(AgreementYaml.parse(written, FILE))).isEqualTo(agreement);
    assertThat(written)
        .contains("# digest " + AgreementCodec.digest(agreement))
        .contains(SAMPLES.hospital.party().signingKey().toString())
        .contains("broker: " + SAMPLES.brokerEntry().digest())
        .contains("shim: [" + Samples.SHIM + "]");
  }

  @Test
  void readsBackUnusualText() {
    Agreement plain = SAMPLES.agreement();
    Agreement unusual =
        new Agreement(
            plain.name(),
            plain.parties(),
            plain.broker(),
            plain.app(),
            List.of(
                new Dataset(
                    "no",
                    "insurer",
                    List.of(
                        new Column("yes", ColumnType.DATE, true),
                        new Column("a: b # c", ColumnType.DATE, false),
                        new Column("Größe 日 😀 \"'\\", ColumnType.DATE, true),
                        new Column("~", ColumnType.DATE, true),
                        new Column("1e3", ColumnType.DATE, true)),
                    List.of())),
            plain.compute(),
            plain.results(),
            plain.environment(),
            new Terms(
                plain.changes(),
                Samples.APP,
                Instant.parse("2027-06-30T01:02:03.000000004Z"),
                7,
                new Window(
                    Instant.parse("2027-01-01T00:00:00Z"),
                    Instant.parse("2027-02-01T00:00:00Z"),
                    3)),
            List.of(
                new Parameter.Fixed("null", "null"),
                new Parameter.Fixed("on", ""),
                new Parameter.Fixed("sql", "a\n\tb \\ \" ' # : \u2028 \u0085 \u0007 😀"),
                new Parameter.Free("t", ColumnType.decimal(38, 38))));
    assertThat(resolve(AgreementYaml.parse(AgreementYaml.write(unusual), FILE))).isEqualTo(unusual);
  }

  @Test
  void takesDigestsInsteadOfNames() {
    String text =
        TEXT.replace("broker: local", "broker: " + SAMPLES.brokerEntry().digest())
            .replace("app: sql", "app: " + Samples.APP)
            .replace("tests: strict", "tests: strict\n  shim: " + Samples.SHIM);
    assertThat(
            AgreementYaml.parse(text, FILE)
                .resolve(
                    SAMPLES.membership(),
                    name -> {
                      throw new AssertionError(name);
                    },
                    () -> {
                      throw new AssertionError("shim");
                    }))
        .isEqualTo(SAMPLES.agreement());
  }

  @Test
  void takesSeveralShims() {
    Digest other = Digest.of(new byte[] {1});
    String text =
        TEXT.replace(
            "tests: strict", "tests: strict\n  shim: [%s, %s]".formatted(Samples.SHIM, other));
    assertThat(resolve(AgreementYaml.parse(text, FILE)).environment().shim())
        .containsExactlyInAnyOrder(Samples.SHIM, other);
  }

  @Test
  void refusesAnotherBrokerAndStrangers() {
    AgreementDraft foreign =
        AgreementYaml.parse(
            TEXT.replace("broker: local", "broker: " + Samples.APP)
                .replace("hospital", "hospitall"),
            FILE);
    assertThatThrownBy(() -> resolve(foreign))
        .hasMessageContaining(
            "'hospitall' is no member of consortium 'health'; did you mean 'hospital'?")
        .hasMessageContaining("is not the broker of consortium 'health'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max_jobs: 100|max_job: 100|25:1: max_job: unknown key 'max_job'; did you mean 'max_jobs'?",
        "max_jobs: 100|max_job: 100|1:1: 'max_jobs' is missing",
        "owner: hospital|onwer: hospital|7:5: datasets.admissions.onwer: unknown key 'onwer'; did you mean 'owner'?",
        "max_jobs: 100|max_jobs: many|25:1: max_jobs: is 'many'; expected a whole number",
        "max_jobs: 100|max_jobs: 1.5|25:1: max_jobs: is '1.5'; expected a whole number",
        "max_jobs: 100|max_jobs: 0|25:1: max_jobs: is 0; expected 1 to",
        "max_jobs: 100|max_jobs: '100'|25:1: max_jobs: is '100'; expected a whole number",
        "max_jobs: 100|max_jobs: 99999999999999999999|25:1: max_jobs",
        "ward: VARCHAR|ward: STRING|10:7: datasets.admissions.columns.ward: 'STRING' is not a column type; did you mean 'VARCHAR'?",
        "ward: VARCHAR|ward: [VARCHAR]|10:7: datasets.admissions.columns.ward: is a list; expected a column type",
        "nullable: true|nullable: maybe|datasets.admissions.columns.days.nullable: is text; expected true or false",
        "nullable: true|nulable: true|unknown key 'nulable'; did you mean 'nullable'?",
        "parties: [insurer, hospital]|parties: insurer|2:1: parties: is text; expected a list of party names",
        "parties: [insurer, hospital]|parties: [insurer, [hospital]]|parties[1]: is a list; expected text",
        "parties: [insurer, hospital]|parties: [insurer, hospital, insurer]|2:1: parties: 'insurer' is there twice",
        "parties: [insurer, hospital]|parties: [insurer, hospital, broker]|2:1: parties: 'broker' is reserved",
        "compute: [insurer]|compute: [hospital]|14:1: compute: 'hospital' would compute on dataset 'claims', which is not released to it",
        "compute: [insurer]|compute: [insuror]|14:1: compute: 'insuror' is no party of this agreement; did you mean 'insurer'?",
        "compute: [insurer]|compute: []|14:1: compute: has 0 entries",
        "released_to: [insurer]|released_to: [bank]|12:5: datasets.admissions.released_to: 'bank' is no party",
        "recipients: [hospital, insurer]|recipients: []|recipients: has 0 entries; expected 1 to 64",
        "recipients: [hospital, insurer]|recipients: [bank]|results.summary.recipients: 'bank' is no party",
        "evidence: [simulated]|evidence: []|18:3: environment.evidence: has 0 entries",
        "evidence: [simulated]|evidence: [sgx]|18:3: environment.evidence: 'sgx' is no kind of evidence; expected one of simulated",
        "evidence: [simulated]|isolation: [bwrap]|17:1: environment: 'evidence' is missing",
        "tests: strict|isolation: [bwrap]|17:1: environment: 'tests' is missing; expected 'strict'",
        "tests: strict|tests: lax|19:3: environment.tests: is 'lax'; expected 'strict'",
        "tests: strict|tests: {}|environment.tests: has 0 entries",
        "tests: strict|tests: {network: [denied]}|environment.tests.network: is a list; expected text",
        "changes: unanimous|changes: unanimos|23:1: changes: is 'unanimos'; did you mean 'unanimous'?",
        "expires: 2027-06-30|expires: 30.06.2027|24:1: expires: '30.06.2027' is neither a date",
        "expires: 2027-06-30|expires: 2027-02-30|24:1: expires: '2027-02-30' is neither",
        "app: sql|app: sha256:12|4:1: app: 'sha256:12' is not a digest",
        "app: sql|app:|4:1: app: is nothing; expected a digest",
        "broker: local|broker: key|3:1: broker: 'key' is not a digest",
        "since: {type: DATE}|since: {}|22:3: params.since: needs either 'value' (fixed) or 'type'",
        "since: {type: DATE}|since: {type: DATE, value: x}|params.since: needs either",
        "since: {type: DATE}|since: DATE|22:3: params.since: is text; expected a mapping",
        "since: {type: DATE}|Since: {type: DATE}|22:3: params.Since: 'Since' must start with",
        "agreement: claims-by-ward|agreement: Claims by ward|1:1: agreement: 'Claims by ward' must be",
        "agreement: claims-by-ward|agreement: {}|1:1: agreement: is a mapping; expected a name"
      })
  void pointsAtWhatIsWrong(String right, String wrong, String message) {
    assertThat(TEXT).contains(right);
    assertRefused(TEXT.replace(right, wrong), message);
  }

  @Test
  void aGateIsOfOneDataset() {
    String text = TEXT.replace("    released_to", "    gate: required\n    released_to");
    Agreement agreement = resolve(AgreementYaml.parse(text, FILE));
    assertThat(agreement.dataset("admissions").gate()).isEqualTo(GateRule.REQUIRED);
    assertThat(agreement.dataset("claims").gate()).isEqualTo(GateRule.NONE);
    assertThat(agreement.gateOwners()).containsExactly("hospital");
    assertThat(agreement.gatesBefore("insurer")).containsExactly(Gate.ofApp("hospital"));
    assertThat(agreement.gatesBefore("hospital")).isEmpty();
    assertThat(AgreementYaml.write(agreement)).contains("    gate: required\n");
    assertThat(resolve(AgreementYaml.parse(AgreementYaml.write(agreement), FILE)))
        .isEqualTo(agreement);
    assertThat(AgreementCodec.decode(AgreementCodec.encode(agreement))).isEqualTo(agreement);
    assertRefused(
        text.replace("gate: required", "gate: maybe"),
        "datasets.admissions.gate: 'maybe' is not none or required");
  }

  @Test
  void saysWhatStandsForCounters() {
    String message =
        "'counters' is no key; expected max_jobs or window.jobs_per_day for the agreement, or budget"
            + " for a dataset";
    assertRefused(TEXT + "counters: {a: 1}\n", FILE + ":26:1: counters: " + message);
    assertRefused(
        TEXT.replace("    released_to", "    counters: [x]\n    released_to"),
        FILE + ":12:5: datasets.admissions.counters: " + message);
  }

  @Test
  void tellsAllProblemsAtOnceWithTheirPlaces() {
    assertRefused(
        """
        agreemnt: x
        parties: [a, A]
        datasets:
          t:
            owner: b
            columns: {c: INT, c: DATE}
        compute: a
        results: {}
        environment: {evidence: [simulated], tests: strict}
        changes: sometimes
        expires: soon
        max_jobs: 1
        max_jobs: 2
        """,
        ":1:1: agreemnt: unknown key 'agreemnt'; did you mean 'agreement'?",
        ":1:1: 'agreement' is missing",
        ":1:1: 'app' is missing",
        ":2:1: parties: 'A' must be lower-case",
        ":6:15: datasets.t.columns.c: 'INT' is not a column type; did you mean 'INTEGER'?",
        ":6:23: key 'c' is there twice, first in line 6",
        ":7:1: compute: is text; expected a list of party names",
        ":8:1: results: is empty, so nothing is allowed",
        ":10:1: changes: is 'sometimes'",
        ":11:1: expires: 'soon'",
        ":13:1: key 'max_jobs' is there twice, first in line 12");
  }

  @Test
  void aPartThatCouldNotBeReadBringsNoFurtherProblems() {
    assertThatThrownBy(() -> AgreementYaml.parse(TEXT.replace("BIGINT NOT NULL", "INT"), FILE))
        .hasMessageStartingWith("agreement.yaml has a problem:")
        .satisfies(e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSize(2));
  }

  @Test
  void refusesAnchorsAliasesTagsAndSecondDocuments() {
    assertRefused(TEXT.replace("parties: [", "parties: &p ["), "anchors and aliases");
    assertRefused(TEXT.replace("compute: [insurer]", "compute: *p"), "alias");
    assertRefused(TEXT.replace("app: sql", "app: !secret sql"), "tags (!) are not allowed");
    assertRefused(TEXT + "---\nagreement: two\n", "a second document; expected one");
    assertRefused("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases");
    assertRefused("a: {<<: {b: c}}\n", "unknown key 'a'");
  }

  @Test
  void refusesWhatIsNoYaml() {
    assertRefused("", "agreement.yaml:1:1: the document is empty");
    assertRefused("a: [b\nc: d\n", "is no YAML");
    assertRefused("a: b: c\n", "is no YAML");
    assertRefused("just text", "is text; expected a mapping");
    assertRefused("[1, 2]", "is a list; expected a mapping");
    assertRefused("a: \"\u0000\"", "is no YAML");
    assertRefused("\t- x", "is no YAML");
  }

  @Test
  void refusesDepthAndSize() {
    assertRefused("a: " + "[".repeat(40) + "]".repeat(40) + "\n", "nested deeper than 16 levels");
    assertRefused("a: " + "[".repeat(100_000), "agreement.yaml:1:");
    assertRefused("a: [" + "1,".repeat(200_000) + "1]\n", "more than 100000 values");
    assertThatThrownBy(() -> AgreementYaml.parse("#".repeat(Limits.MAX_DOCUMENT_BYTES + 1), FILE))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SIZE_LIMIT));
  }

  /** Whatever is cut off, the answer is a refusal and no other failure. */
  @Test
  void everyCutIsRefusedOrADraft() {
    for (int length = 0; length < TEXT.length(); length++) {
      String cut = TEXT.substring(0, length);
      try {
        AgreementDraft draft = AgreementYaml.parse(cut, FILE);
        assertThat(cut).contains("max_jobs: 1");
        assertThat(draft.name()).isEqualTo("claims-by-ward");
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT);
      }
    }
  }

  @Test
  void everyCharacterReplacedIsRefusedOrADraft() {
    for (int i = 0; i < TEXT.length(); i++) {
      for (char other : new char[] {':', '[', '\n', '"'}) {
        String changed = TEXT.substring(0, i) + other + TEXT.substring(i + 1);
        try {
          assertThat(AgreementYaml.parse(changed, FILE).parties()).isNotEmpty();
        } catch (RefusedException e) {
          assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT);
        }
      }
    }
  }

  @Test
  void draftsAreReadableBeforeTheyAreResolved() {
    AgreementDraft draft = AgreementYaml.parse(TEXT, FILE);
    assertThat(draft.name()).isEqualTo("claims-by-ward");
    assertThat(draft.parties()).containsExactly("insurer", "hospital");
    assertThat(draft.apps()).containsExactly("sql");
    assertThat(draft.datasets()).containsExactly(Samples.admissions(), Samples.claims());
    assertThat(draft.compute()).containsExactly("insurer");
    assertThat(draft.results()).hasSize(1);
    assertThat(draft.parameters()).hasSize(2);
  }

  private static void assertRefused(String text, String... messages) {
    assertThatThrownBy(() -> AgreementYaml.parse(text, FILE))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(messages);
  }

  @Test
  void windowAndSuite_areRead() {
    Agreement read =
        resolve(
            AgreementYaml.parse(
                TEXT.replace(
                        "max_jobs: 100",
                        "max_jobs: 100\nwindow: {not_before: 2027-01-01, jobs_per_day: 5}")
                    .replace("environment:", "environment:\n  hpke: x25519"),
                FILE));

    assertThat(read.terms().window())
        .isEqualTo(new Window(Instant.parse("2027-01-01T00:00:00Z"), null, 5));
    assertThat(read.environment().hpke()).isEqualTo(HpkeSuite.X25519);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "window: {}|window: is empty",
        "window: {jobs_per_day: 0}|window.jobs_per_day: is 0; expected 1 to",
        "window: {not_before: 2027-02-01, not_after: 2027-01-01}|window: never opens",
        "window: {not_befor: 2027-02-01}|unknown key 'not_befor'; did you mean 'not_before'?",
        "window: {not_after: soon}|window.not_after: 'soon' is neither a date",
        "parent: sha256:12|parent: "
      })
  void refusesWindowsThatMeanNothing(String line, String message) {
    assertRefused(TEXT.replace("max_jobs: 100", "max_jobs: 100\n" + line), message);
  }
}
