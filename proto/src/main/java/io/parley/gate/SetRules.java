package io.parley.gate;

import io.parley.agreement.Agreement;
import io.parley.agreement.Column;
import io.parley.agreement.Gate;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.SignedAgreement;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a verification set must be to be run under an agreement; all problems at once. */
final class SetRules {
  private static final String NAME = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final int COLUMNS_MAX = 1024;
  private static final int CHARS_MAX = 128;

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
    problems.check(set.name().matches(NAME), "name", "must be in the form " + NAME);
    problems.check(
        set.salt().size() == GateLimits.SALT_BYTES,
        "salt",
        "has %d bytes; expected %d".formatted(set.salt().size(), GateLimits.SALT_BYTES));
    problems.check(
        !set.step().isEmpty() || set.certifyDays() == GateLimits.CERTIFY_DAYS_DEFAULT,
        "certify_days",
        "is for a step of a chain; an agreement's one app runs on a set in every job");
    if (isGate(agreement)) {
      scope(GateScope.of(agreement, set.gate()));
    }
    set.results().forEach(this::result);
    problems.throwIfAny(Reason.INVALID_VERIFICATION_SET, "verification set");
  }

  private boolean isGate(Agreement agreement) {
    if (!agreement.gateOwners().contains(set.owner())) {
      problems.add("owner", "has no dataset with 'gate: required' in this agreement");
      return false;
    }
    List<String> steps =
        agreement.gates().stream()
            .filter(gate -> gate.owner().equals(set.owner()))
            .map(Gate::step)
            .toList();
    if (!steps.contains(set.step())) {
      problems.add(
          "step",
          agreement.chain() == null
              ? "is '%s'; the agreement has one app, and no steps"
                  .formatted(Suggestions.shown(set.step()))
              : "is '%s'; expected a step that rows of %s reach: %s"
                  .formatted(Suggestions.shown(set.step()), set.owner(), steps));
      return false;
    }
    return true;
  }

  private void scope(GateScope scope) {
    problems.check(
        set.app().equals(scope.app()),
        "app",
        "is %s; the agreement's is %s".formatted(set.app(), scope.app()));
    problems.attempt("params", () -> ParameterValues.all(scope.parameters(), set.parameters()));
    problems.check(
        set.inputs().stream()
            .map(VerificationTable::dataset)
            .toList()
            .equals(List.copyOf(scope.inputs().keySet())),
        "inputs",
        "must be everything that the app reads, each once, in the order of their names: "
            + scope.inputs().keySet());
    set.inputs()
        .forEach(table ->
            problems.check(
                !table.arrow().isEmpty() && table.rows() >= 0,
                "inputs." + table.dataset(),
                "has no file"));
    columns(scope);
    problems.check(
        set.results().stream().map(ExpectedResult::result).toList().equals(scope.outputs()),
        "expected",
        "must be everything that the app writes, each once, in the order in which it is told of it: "
            + scope.outputs());
  }

  private void columns(GateScope scope) {
    set.allowance()
        .columns()
        .byTable()
        .forEach((table, bearing) -> {
          String at = "columns." + Suggestions.shown(table);
          List<Column> columns = scope.inputs().get(table);
          if (columns == null) {
            problems.add(
                at, "is nothing that the app reads; expected one of " + scope.inputs().keySet());
            return;
          }
          List<String> names = columns.stream().map(Column::name).toList();
          for (String column : bearing) {
            problems.check(
                names.contains(column),
                at,
                "'%s' is no column that the app gets; expected some of %s"
                    .formatted(Suggestions.shown(column), names));
          }
        });
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
