package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * What a step writes.
 *
 * @param columns that it has, exactly; empty: whatever the app writes, for no step to read
 * @param readBy later steps that may read it; sorted
 */
public record ChainOutput(String name, List<Column> columns, List<String> readBy) {
  public ChainOutput {
    columns = List.copyOf(columns);
    readBy = readBy.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("name", name);
    if (!columns.isEmpty()) {
      rules.columns("columns", columns);
    }
    rules.size("read_by", readBy.size(), 0, Limits.MAX_STEPS);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "output '%s'".formatted(Suggestions.shown(name)));
  }
}
