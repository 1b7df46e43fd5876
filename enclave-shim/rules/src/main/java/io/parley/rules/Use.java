package io.parley.rules;

/** What a query does with a column, each with a grant of its own. */
public enum Use {
  JOIN,
  GROUP,
  AGGREGATE,
  FILTER,
  LIST;

  /** The key of the grant in an agreement. */
  public String key() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** The refusal when it is not granted. */
  String rule() {
    return "RULE_" + name();
  }

  /** As in "is joined on". */
  public String verb() {
    return switch (this) {
      case JOIN -> "joined on";
      case GROUP -> "grouped by";
      case AGGREGATE -> "aggregated";
      case FILTER -> "filtered on";
      case LIST -> "listed";
    };
  }
}
