package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;

/** What the app of a step is told. */
public sealed interface ChainParameter {
  /** As the app knows it. */
  String name();

  /** The chain sets it. */
  record Fixed(String name, String value) implements ChainParameter {
    public Fixed {
      Problems problems = new Problems();
      Rules rules = new Rules(problems);
      rules.tableName("name", name);
      rules.fixedValue("value", value);
      problems.throwIfAny(
          Reason.INVALID_AGREEMENT, "parameter '%s'".formatted(Suggestions.shown(name)));
    }
  }

  /**
   * It has the value of a parameter of the agreement.
   *
   * @param parameter the name that the agreement has for it
   */
  record From(String name, String parameter) implements ChainParameter {
    public From {
      Problems problems = new Problems();
      Rules rules = new Rules(problems);
      rules.tableName("name", name);
      rules.tableName("from", parameter);
      problems.throwIfAny(
          Reason.INVALID_AGREEMENT, "parameter '%s'".formatted(Suggestions.shown(name)));
    }
  }
}
