package io.parley.gate;

import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.agreement.JobSpec;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a verification set must be to be run under an agreement; all problems at once. */
final class SetRules {
  private static final String NAME = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final int COLUMNS_MAX = 1024;
  private static final int CHARS_MAX = 128;
  private static final String ANY_JOB = "0".repeat(32);

  private final VerificationSet set;
  private final SignedAgreement signed;
  private final Problems problems = new Problems();

  SetRules(VerificationSet set, SignedAgreement signed) {
    this.set = set;
    this.signed = signed;
  }

  void check(String party) {
    Agreement agreement = signed.agreement();
    problems.check(
        set.agreement().equals(signed.digest()),
        "agreement",
        "is %s; expected %s".formatted(set.agreement(), signed.digest()));
    problems.check(set.owner().equals(party), "owner", "is not %s, who brings it".formatted(party));
    problems.check(
        agreement.gateOwners().contains(set.owner()),
        "owner",
        "has no dataset with 'gate: required' in this agreement");
    problems.check(set.name().matches(NAME), "name", "must be in the form " + NAME);
    problems.check(
        set.app().equals(agreement.app()),
        "app",
        "is %s; the agreement's is %s".formatted(set.app(), agreement.app()));
    problems.check(
        set.salt().size() == GateLimits.SALT_BYTES,
        "salt",
        "has %d bytes; expected %d".formatted(set.salt().size(), GateLimits.SALT_BYTES));
    problems.attempt("params", this::parameters);
    problems.check(
        set.inputs().stream()
            .map(VerificationTable::dataset)
            .toList()
            .equals(agreement.datasets().stream().map(Dataset::name).toList()),
        "inputs",
        "must be every dataset of the agreement, each once, in the order of their names");
    set.inputs()
        .forEach(table ->
            problems.check(
                !table.arrow().isEmpty() && table.rows() >= 0,
                "inputs." + table.dataset(),
                "has no file"));
    problems.check(
        set.results().stream()
            .map(ExpectedResult::result)
            .toList()
            .equals(agreement.results().stream().map(ResultRule::name).toList()),
        "expected",
        "must be every result of the agreement, each once, in the order of their names");
    set.results().forEach(this::result);
    problems.throwIfAny(Reason.INVALID_VERIFICATION_SET, "verification set");
  }

  /** As a job's would be. */
  private boolean parameters() {
    job(set, signed).check(signed);
    return true;
  }

  /** What stands for the job on a gate's run. */
  static JobSpec job(VerificationSet set, SignedAgreement signed) {
    return new JobSpec(
        ANY_JOB, signed.digest(), set.owner(), signed.agreement().expires(), set.parameters());
  }

  private void result(ExpectedResult result) {
    String at = "expected." + result.result();
    problems.check(
        result.rows() >= 0 && result.rows() <= GateLimits.ROWS_MAX,
        at,
        "has %d rows; at most %d".formatted(result.rows(), GateLimits.ROWS_MAX));
    List<ExpectedColumn> columns = result.columns();
    problems.check(
        !columns.isEmpty() && columns.size() <= COLUMNS_MAX,
        at,
        "has %d columns; expected 1 to %d".formatted(columns.size(), COLUMNS_MAX));
    if (result.json()) {
      problems.check(
          columns.stream()
              .map(ExpectedColumn::name)
              .toList()
              .equals(List.of(ExpectedResult.PATH, ExpectedResult.VALUE)),
          at,
          "is JSON, whose columns are path and value");
    }
    Set<String> names = new HashSet<>();
    for (ExpectedColumn column : columns) {
      problems.check(
          !column.name().isEmpty()
              && column.name().length() <= CHARS_MAX
              && names.add(column.name()),
          at,
          "has a column without a name, with one of more than %d characters, or twice"
              .formatted(CHARS_MAX));
      problems.check(
          column.cells().size() == result.rows(), at, "has columns of different lengths");
    }
  }
}
