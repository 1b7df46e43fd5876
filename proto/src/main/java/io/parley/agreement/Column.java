package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;

/**
 * One column of a dataset.
 *
 * @param nullable false: a null is an error when the dataset is added
 */
public record Column(String name, ColumnType type, boolean nullable) {
  public Column {
    Problems problems = new Problems();
    new Rules(problems).columnName("name", name);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "column");
  }
}
