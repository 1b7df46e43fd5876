package io.parley.rules;

import java.util.List;
import java.util.stream.Collectors;

/** A query breaks rules: all that were found. */
public final class RuleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Violation> violations;

  RuleException(List<Violation> violations) {
    super(violations.stream().map(Violation::message).distinct().collect(Collectors.joining("\n")));
    this.violations = List.copyOf(violations);
  }

  RuleException(String rule, String message) {
    this(List.of(Violation.ofQuery(rule, message)));
  }

  /** At least one; the first is the reason. */
  public List<Violation> violations() {
    return violations;
  }

  /** Every message, a line each. */
  public String text() {
    return violations.stream().map(Violation::message).distinct().collect(Collectors.joining("\n"));
  }
}
