package io.parley.peer.cli;

import io.parley.rules.Grant;
import io.parley.rules.Use;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Grants as the lines of an agreement that they would be, to be added to those there. */
final class GrantYaml {
  private GrantYaml() {}

  static String of(List<Grant> grants) {
    Map<String, TreeMap<Use, TreeMap<String, TreeSet<String>>>> datasets = new TreeMap<>();
    for (Grant grant : grants) {
      datasets
          .computeIfAbsent(grant.dataset(), _ -> new TreeMap<>())
          .computeIfAbsent(grant.use(), _ -> new TreeMap<>())
          .computeIfAbsent(grant.column(), _ -> new TreeSet<>())
          .add(grant.function());
    }
    StringBuilder yaml = new StringBuilder("datasets:\n");
    datasets.forEach((dataset, uses) -> {
      yaml.append("  ").append(quoted(dataset)).append(":\n    usage:\n");
      uses.forEach((use, columns) -> {
        if (use == Use.AGGREGATE) {
          yaml.append("      aggregate:\n");
          columns.forEach((column, functions) ->
              yaml.append("        %s: %s\n".formatted(quoted(column), list(functions))));
        } else {
          yaml.append("      %s: %s\n".formatted(use.key(), list(columns.keySet())));
        }
      });
    });
    return yaml.toString();
  }

  private static String list(Iterable<String> texts) {
    StringBuilder list = new StringBuilder("[");
    for (String text : texts) {
      list.append(list.length() == 1 ? "" : ", ").append(quoted(text));
    }
    return list.append(']').toString();
  }

  /** Bare where YAML takes it for nothing but text. */
  private static String quoted(String text) {
    return text.matches("[a-z][a-z0-9_]{2,}") && !text.matches("true|false|null|yes")
        ? text
        : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
