package io.parley.apps.sql;

import io.parley.rules.Members;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A query that passed {@link QueryCheck} or {@link RuledQuery}, with a value for each parameter
 * that it names.
 *
 * @param text exactly as agreed
 * @param parameters name to value
 * @param words every name and text in the parse tree, when no column can be meant without its name;
 *     else empty
 * @param members by dataset, what tells the identities in each group that the result has; empty
 *     where there are no rules
 */
record Query(
    String text,
    Map<String, Argument> parameters,
    Optional<Set<String>> words,
    Map<String, Members> members) {
  private static final String NAME = "parley_query";

  Query {
    parameters = Map.copyOf(parameters);
    words = words.map(Query::copy);
    members = Map.copyOf(members);
  }

  /** Whether the result can depend on a column of this name. */
  boolean mayUse(String column) {
    return words.map(known -> known.contains(column)).orElse(true);
  }

  /** Another query over the same rows, with the same parameters. */
  Query beside(String other) {
    return new Query(other, parameters, words, Map.of());
  }

  /** What DuckDB holds under the name goes. */
  String deallocateStatement() {
    return "DEALLOCATE " + NAME;
  }

  /** Makes DuckDB hold the agreed text, unchanged, under a name. */
  String prepareStatement() {
    return "PREPARE " + NAME + " AS " + text;
  }

  /**
   * Binds by name. EXECUTE takes constants only, so a value becomes a quoted constant of its type
   * here; it never meets the text of the query.
   */
  String executeStatement() {
    if (parameters.isEmpty()) {
      return "EXECUTE " + NAME;
    }
    return parameters.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(p -> Sql.identifier(p.getKey()) + " := " + p.getValue().sql())
        .collect(Collectors.joining(", ", "EXECUTE " + NAME + "(", ")"));
  }

  private static Set<String> copy(Set<String> words) {
    Set<String> copy = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    copy.addAll(words);
    return Collections.unmodifiableSet(copy);
  }
}
