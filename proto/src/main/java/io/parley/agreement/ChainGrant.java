package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * An owner's word on which steps may read a dataset.
 *
 * @param steps at least one; sorted
 */
public record ChainGrant(String dataset, List<String> steps) {
  public ChainGrant {
    steps = steps.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("dataset", dataset);
    rules.size("read_by", steps.size(), 1, Limits.MAX_STEPS);
    problems.throwIfAny(
        Reason.INVALID_AGREEMENT, "dataset '%s'".formatted(Suggestions.shown(dataset)));
  }
}
