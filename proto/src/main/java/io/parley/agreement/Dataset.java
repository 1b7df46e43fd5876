package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * A table and its owner.
 *
 * @param columns in table order, names unique whatever their case
 * @param releasedTo parties, besides the owner, whose enclaves may hold the rows; sorted
 */
public record Dataset(String name, String owner, List<Column> columns, List<String> releasedTo) {
  public Dataset {
    columns = List.copyOf(columns);
    releasedTo = releasedTo.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("name", name);
    rules.partyName("owner", owner);
    rules.columns("columns", columns);
    rules.size("released_to", releasedTo.size(), 0, Limits.MAX_PARTIES);
    releasedTo.forEach(party -> rules.partyName("released_to", party));
    rules.unique("released_to", releasedTo);
    problems.throwIfAny(
        Reason.INVALID_AGREEMENT, "dataset '%s'".formatted(Suggestions.shown(name)));
  }
}
