package io.parley.rules;

import java.util.List;
import java.util.Optional;

/**
 * How to find out whose rows of one dataset are in the groups that a query tells, before its HAVING
 * and LIMIT pick among them. Immutable.
 *
 * @param sql a SELECT of {@code n}, the number of a group; {@code member}, an identity in it as
 *     text, null for rows without one; {@code id}, 32 hex digits of a hash that stand for it; and a
 *     number for each measure, which stands for the values that its rows in the group have there,
 *     in any order, and adds up over groups modulo 2^64. In the order of {@code id}, then {@code n}
 * @param measures columns as {@code dataset.column}, sorted, {@code *} for the rows themselves
 *     first
 * @param unions a SELECT of {@code n} and, for each way to put groups together by some of what they
 *     are grouped by, the number of the set that the group is part of, in the order of {@code n};
 *     empty where there is no such way
 */
public record Members(String sql, List<String> measures, Optional<String> unions) {
  public Members {
    measures = List.copyOf(measures);
  }
}
