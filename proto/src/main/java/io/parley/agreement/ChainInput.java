package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * What a step reads.
 *
 * @param name of a dataset, or of what an earlier step writes
 * @param columns that the step gets, in this order; empty: all that there are
 */
public record ChainInput(String name, List<Column> columns) {
  public ChainInput {
    columns = List.copyOf(columns);
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("name", name);
    if (!columns.isEmpty()) {
      rules.columns("columns", columns);
    }
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "input '%s'".formatted(Suggestions.shown(name)));
  }
}
