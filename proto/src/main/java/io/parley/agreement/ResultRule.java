package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * What may leave the enclave under this name.
 *
 * @param recipients parties that may open it, at least one; sorted
 * @param maxRows the job fails when there are more
 * @param shape groups, rounding and columns
 * @param keep for how long nodes may hold it
 */
public record ResultRule(
    String name, List<String> recipients, long maxRows, Shape shape, Keep keep) {
  /** Of any shape. */
  public ResultRule(String name, List<String> recipients, long maxRows) {
    this(name, recipients, maxRows, Shape.ANY);
  }

  /** Kept as long as each node says. */
  public ResultRule(String name, List<String> recipients, long maxRows, Shape shape) {
    this(name, recipients, maxRows, shape, Keep.AS_NODE);
  }

  public ResultRule {
    recipients = recipients.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("name", name);
    rules.size("recipients", recipients.size(), 1, Limits.MAX_PARTIES);
    recipients.forEach(party -> rules.partyName("recipients", party));
    rules.unique("recipients", recipients);
    rules.maxRows("max_rows", maxRows);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "result '%s'".formatted(Suggestions.shown(name)));
  }
}
