package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;

/** What a job may set, and what it may not. */
public sealed interface Parameter {
  String name();

  /** The agreement sets it; a job may not. */
  record Fixed(String name, String value) implements Parameter {
    public Fixed {
      Problems problems = new Problems();
      Rules rules = new Rules(problems);
      rules.tableName("name", name);
      rules.fixedValue("value", value);
      problems.throwIfAny(
          Reason.INVALID_AGREEMENT, "parameter '%s'".formatted(Suggestions.shown(name)));
    }
  }

  /** A job must set it, to a value of this type. */
  record Free(String name, ColumnType type) implements Parameter {
    public Free {
      Problems problems = new Problems();
      new Rules(problems).tableName("name", name);
      problems.throwIfAny(
          Reason.INVALID_AGREEMENT, "parameter '%s'".formatted(Suggestions.shown(name)));
    }
  }
}
