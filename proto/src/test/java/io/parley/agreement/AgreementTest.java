package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgreementTest {
  private static final Samples SAMPLES = new Samples();
  private final Agreement agreement = SAMPLES.agreement();

  @Test
  void sortsWhatHasNoOrder() {
    assertThat(SAMPLES.agreement(Samples.claims(), Samples.admissions())).isEqualTo(agreement);
  }

  @Test
  void knowsWhoStartsEnclaves() {
    assertThat(agreement.enclaveParties()).containsExactly("hospital", "insurer");
    assertThat(agreement.computes("hospital")).isFalse();
    assertThat(agreement.computes("insurer")).isTrue();
  }

  @Test
  void knowsWhoMayHoldWhat() {
    assertThat(agreement.mayHold("insurer", "admissions")).isTrue();
    assertThat(agreement.mayHold("hospital", "claims")).isFalse();
    assertThat(agreement.mayHold("hospital", "admissions")).isTrue();
    assertThat(agreement.mayHold("stranger", "admissions")).isFalse();
  }

  @Test
  void grantsKeysToOwnersAndToComputingHolders() {
    assertThat(agreement.keysFor("hospital")).containsExactly("admissions");
    assertThat(agreement.keysFor("insurer")).containsExactly("admissions", "claims");
    assertThat(agreement.keysFor("stranger")).isEmpty();
  }

  @Test
  void aHolderThatDoesNotComputeGetsNoKey() {
    Dataset shared =
        new Dataset("claims", "insurer", Samples.claims().columns(), List.of("hospital"));
    assertThat(SAMPLES.agreement(Samples.admissions(), shared).keysFor("hospital"))
        .containsExactly("admissions");
  }

  @Test
  void saysWhatIsNotThere() {
    assertThatThrownBy(() -> agreement.party("bank"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_A_PARTY))
        .hasMessageContaining("[hospital, insurer]");
    assertThatThrownBy(() -> agreement.dataset("x"))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.DATASET_NOT_FOUND));
    assertThatThrownBy(() -> agreement.result("x"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.RESULT_NOT_FOUND));
  }

  @Test
  void refusesToComputeOnWhatIsNotReleased() {
    Dataset kept = new Dataset("admissions", "hospital", Samples.admissions().columns(), List.of());
    assertThatThrownBy(() -> SAMPLES.agreement(kept, Samples.claims()))
        .hasMessageContaining("compute: 'insurer' would compute on dataset 'admissions'")
        .hasMessageContaining("add it to datasets.admissions.released_to");
  }

  @Test
  void tellsAllProblemsAtOnce() {
    assertThatThrownBy(() ->
            new Agreement(
                "Bad Name",
                List.of(SAMPLES.hospital.party(), SAMPLES.hospital.party()),
                Samples.APP,
                Samples.APP,
                List.of(Samples.admissions(), Samples.admissions()),
                List.of("insurerr"),
                List.of(new ResultRule("summary", List.of("bank"), 1)),
                Samples.environment(),
                Terms.of(ChangeRule.NEVER, Instant.MAX, 0),
                List.of()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContaining("name: 'Bad Name' must be")
        .hasMessageContaining("parties: 'hospital' is there twice")
        .hasMessageContaining("parties.hospital: has the signing key of another party")
        .hasMessageContaining("datasets: 'admissions' is there twice")
        .hasMessageContaining("released_to: 'insurer' is no party of this agreement")
        .hasMessageContaining("compute: 'insurerr' is no party")
        .hasMessageContaining("results.summary.recipients: 'bank' is no party")
        .hasMessageContaining("expires:")
        .hasMessageContaining("max_jobs: is 0; expected 1 to");
  }

  @Test
  void emptyMeansNothingIsAllowed() {
    assertThatThrownBy(() ->
            new Agreement(
                "a",
                List.of(),
                Samples.APP,
                Samples.APP,
                List.of(),
                List.of(),
                List.of(),
                Samples.environment(),
                Terms.of(ChangeRule.NEVER, Samples.NOW, 1),
                List.of()))
        .hasMessageContaining("parties: has 0 entries")
        .hasMessageContaining("datasets: has 0 entries")
        .hasMessageContaining("compute: has 0 entries")
        .hasMessageContaining("results: has 0 entries");
    assertThatThrownBy(() -> new Environment(List.of(), List.of(), Map.of(), List.of()))
        .hasMessageContaining("evidence: has 0 entries")
        .hasMessageContaining("shim: has 0 entries")
        .hasMessageContaining("tests: has 0 entries")
        .hasMessageContaining("isolation: has 0 entries");
    assertThatThrownBy(() -> new ResultRule("r", List.of(), 1))
        .hasMessageContaining("recipients: has 0 entries");
    assertThatThrownBy(() -> new ResultRule("r", List.of("a"), 0))
        .hasMessageContaining("max_rows: is 0");
  }

  @Test
  void environmentIsAnAllowListOfKnownThings() {
    assertThatThrownBy(() ->
            new Environment(
                List.of("simulate"),
                List.of(Samples.SHIM, Samples.SHIM),
                Map.of("Network", "<denied>"),
                List.of("none")))
        .hasMessageContaining("'simulate' is no kind of evidence; did you mean 'simulated'?")
        .hasMessageContaining("shim: '" + Samples.SHIM + "' is there twice")
        .hasMessageContaining("'Network' is no name of an environment test")
        .hasMessageContaining("'<denied>' is no outcome")
        .hasMessageContaining("'none' is no isolation level; expected one of bwrap, landlock");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "A",
        "broker",
        "-a",
        "a-",
        "a b",
        "a/b",
        "../x",
        "ä",
        "a_b",
        "a\u0000",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      })
  void refusesBadPartyNames(String name) {
    assertThatThrownBy(() ->
            new Party(
                name,
                SAMPLES.hospital.party().signingKey(),
                SAMPLES.hospital.party().resultKey(),
                SAMPLES.hospital.party().simulatedPlatformKey(),
                SAMPLES.hospital.party().witnessKey()))
        .isInstanceOf(RefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1a", "../a", "a/b", "A", "a.b", "_a", "a b", "a\n"})
  void refusesBadDatasetNames(String name) {
    assertThatThrownBy(() -> new Dataset(name, "hospital", Samples.claims().columns(), List.of()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("name:");
    assertThatThrownBy(() -> new Parameter.Fixed(name, "x")).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> new Parameter.Free(name, ColumnType.DATE))
        .isInstanceOf(RefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " a", "a ", "a\nb", "\u202eevil", "\u0000", "a\u200b", "\ud800"})
  void refusesBadColumnNames(String name) {
    assertThatThrownBy(() -> new Column(name, ColumnType.DATE, true))
        .isInstanceOf(RefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "Größe", "日付", "two words", "x1", "a\"b", "😀"})
  void takesColumnNamesOfAnyLanguage(String name) {
    assertThat(new Column(name, ColumnType.DATE, true).name()).isEqualTo(name);
  }

  @Test
  void columnsThatDifferInCaseOnlyAreOne() {
    assertThatThrownBy(() ->
            new Dataset(
                "d",
                "hospital",
                List.of(
                    new Column("Ward", ColumnType.DATE, true),
                    new Column("wARD", ColumnType.DATE, true)),
                List.of()))
        .hasMessageContaining("columns: 'ward' is there twice");
  }

  @Test
  void limitsHowMuchThereIs() {
    List<Column> many =
        IntStream.rangeClosed(0, Limits.MAX_COLUMNS)
            .mapToObj(i -> new Column("c" + i, ColumnType.DATE, true))
            .toList();
    assertThatThrownBy(() -> new Dataset("d", "hospital", many, List.of()))
        .hasMessageContaining("columns: has 1025 entries; expected 1 to 1024");
    assertThatThrownBy(() -> new Parameter.Fixed("q", "x".repeat(Limits.MAX_VALUE_BYTES + 1)))
        .hasMessageContaining("at most 65536 bytes");
    assertThatThrownBy(() -> new Parameter.Fixed("q", "a\u0000b")).hasMessageContaining("NUL");
    assertThatThrownBy(() -> new Parameter.Fixed("q", "a\udc00b")).hasMessageContaining("Unicode");
    List<Digest> shims =
        IntStream.range(0, 17).mapToObj(i -> Digest.of(new byte[] {(byte) i})).toList();
    assertThatThrownBy(() ->
            new Environment(List.of("tdx"), shims, Environment.STRICT_TESTS, List.of("bwrap")))
        .hasMessageContaining("shim: has 17 entries; expected 1 to 16");
  }

  @Test
  void aLongListOfProblemsIsCut() {
    assertThatThrownBy(() -> new ResultRule("r", Collections.nCopies(60, "X".repeat(2000)), 1))
        .satisfies(e -> assertThat(String.valueOf(e.getMessage()).length()).isLessThan(4000));
  }

  @Test
  void nothingCanBeAddedLater() {
    assertThatThrownBy(() -> agreement.compute().add("hospital"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> agreement.environment().tests().put("a", "b"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> agreement.partyNames().add("x"))
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
