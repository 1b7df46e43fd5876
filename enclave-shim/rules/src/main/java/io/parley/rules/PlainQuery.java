package io.parley.rules;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A query that passed {@link PlainCheck}, and runs as it is written. Immutable; names and texts
 * whatever their case.
 *
 * @param parameters what it has after a {@code $}
 * @param words every name and text in the parse tree, when no column can be meant without its name;
 *     else empty
 */
public record PlainQuery(Set<String> parameters, Optional<Set<String>> words) {
  public PlainQuery {
    parameters = copy(parameters);
    words = words.map(PlainQuery::copy);
  }

  private static Set<String> copy(Set<String> names) {
    Set<String> copy = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    copy.addAll(names);
    return Collections.unmodifiableSet(copy);
  }
}
