package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a result must look like, besides its number of rows. Immutable.
 *
 * @param minGroup the least number of distinct identities in every group that is told; 0: any
 * @param rounding what numbers are rounded to, by column, or {@value Rounding#ALL}
 * @param schema the result's columns, in this order; empty: any
 */
public record Shape(long minGroup, SortedMap<String, Rounding> rounding, List<Column> schema) {
  /** Anything goes. */
  public static final Shape ANY = new Shape(0, new TreeMap<>(), List.of());

  public Shape {
    rounding = Collections.unmodifiableSortedMap(new TreeMap<>(rounding));
    schema = List.copyOf(schema);
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    problems.check(
        minGroup == 0 || minGroup >= Limits.LEAST_GROUP && minGroup <= Limits.MAX_GROUP,
        "min_group",
        "is %s; expected %d to %d, or leave it out"
            .formatted(Long.toUnsignedString(minGroup), Limits.LEAST_GROUP, Limits.MAX_GROUP));
    rules.size("rounding", rounding.size(), 0, Limits.MAX_COLUMNS);
    for (String column : rounding.keySet()) {
      rules.columnName("rounding", column);
      problems.check(
          schema.isEmpty()
              || column.equals(Rounding.ALL)
              || schema.stream().anyMatch(c -> c.name().equals(column)),
          "rounding." + column,
          "is no column of the schema");
    }
    if (!schema.isEmpty()) {
      rules.columns("schema", schema);
    }
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "result");
  }

  /** Whether the result must be an Arrow file. */
  public boolean isTyped() {
    return !rounding.isEmpty() || !schema.isEmpty();
  }
}
