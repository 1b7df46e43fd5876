package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The names that can be used at one place of a query. A name that could mean two things means
 * neither. Immutable.
 */
final class Scope {
  /** A table by its name here, with its columns in order. */
  private record Visible(String alias, Map<String, Expr.Col> columns) {
    Optional<Expr.Col> find(String name) {
      return columns.entrySet().stream()
          .filter(entry -> entry.getKey().equalsIgnoreCase(name))
          .map(Map.Entry::getValue)
          .findFirst();
    }
  }

  private final List<Visible> tables;

  /** Columns that USING made one, by name in lower case. */
  private final Map<String, Expr.Col> merged;

  private Scope(List<Visible> tables, Map<String, Expr.Col> merged) {
    this.tables = List.copyOf(tables);
    this.merged = Map.copyOf(merged);
  }

  static Scope of(String alias, Map<String, Expr.Col> columns) {
    return new Scope(List.of(new Visible(alias, new LinkedHashMap<>(columns))), Map.of());
  }

  /**
   * Both sides of a join.
   *
   * @throws RuleException RULE_NAME when two tables have one name
   */
  Scope and(Scope other) {
    List<Visible> both = new ArrayList<>(tables);
    for (Visible table : other.tables) {
      if (both.stream().anyMatch(t -> t.alias().equalsIgnoreCase(table.alias()))) {
        throw new RuleException(
            "RULE_NAME", "two tables are called '%s'; name one with AS".formatted(table.alias()));
      }
      both.add(table);
    }
    Map<String, Expr.Col> names = new TreeMap<>(merged);
    names.putAll(other.merged);
    return new Scope(both, names);
  }

  /** With a name that is one column from here on. */
  Scope merging(String name, Expr.Col column) {
    Map<String, Expr.Col> names = new TreeMap<>(merged);
    names.put(name.toLowerCase(Locale.ROOT), column);
    return new Scope(tables, names);
  }

  /** The column that is meant; empty when there is none of this name. */
  Optional<Expr.Col> find(String name) {
    Expr.Col one = merged.get(name.toLowerCase(Locale.ROOT));
    if (one != null) {
      return Optional.of(one);
    }
    List<Expr.Col> found =
        tables.stream().flatMap(table -> table.find(name).stream()).distinct().toList();
    if (found.size() > 1) {
      throw new RuleException(
          "RULE_NAME", "'%s' is a column of several tables; write TABLE.%s".formatted(name, name));
    }
    return found.stream().findFirst();
  }

  /**
   * The column of a reference with a table's name.
   *
   * @throws RuleException RULE_NAME when there is none
   */
  Expr.Col find(String table, String name) {
    return tables.stream()
        .filter(t -> t.alias().equalsIgnoreCase(table))
        .flatMap(t -> t.find(name).stream())
        .findFirst()
        .orElseThrow(() -> unknown(table + "." + name));
  }

  RuleException unknown(String name) {
    boolean row = tables.stream().anyMatch(t -> t.alias().equalsIgnoreCase(name));
    return row
        ? new RuleException(
            "RULE_SHAPE",
            "'%s' is a table, and a whole row of it is no value here; name columns".formatted(name))
        : new RuleException(
            "RULE_NAME",
            "there is no column '%s' here; there are %s".formatted(shown(name), names()));
  }

  private static String shown(String name) {
    return name.length() <= 80 ? name : name.substring(0, 80) + "...";
  }

  private List<String> names() {
    return tables.stream()
        .flatMap(t -> t.columns().keySet().stream().map(c -> t.alias() + "." + c))
        .sorted()
        .limit(60)
        .toList();
  }

  /**
   * Every column, for a star.
   *
   * @throws RuleException RULE_SHAPE after USING, where it is not plain how often one comes
   */
  Map<String, Expr.Col> everything(String table) {
    if (!merged.isEmpty() && table.isEmpty()) {
      throw Tree.shape("* after USING names columns once or twice; name them instead");
    }
    Map<String, Expr.Col> all = new LinkedHashMap<>();
    for (Visible visible : tables) {
      if (!table.isEmpty() && !visible.alias().equalsIgnoreCase(table)) {
        continue;
      }
      visible
          .columns()
          .forEach((name, column) -> {
            if (all.putIfAbsent(name, column) != null) {
              throw new RuleException(
                  "RULE_NAME", "* names '%s' twice; name columns instead".formatted(name));
            }
          });
    }
    if (all.isEmpty()) {
      throw new RuleException("RULE_NAME", "there is no table '%s' here".formatted(shown(table)));
    }
    return all;
  }

  /** The columns of a reference. */
  static List<String> path(JsonNode reference) {
    Tree.only(reference, "column_names");
    List<String> names = new ArrayList<>();
    reference.path("column_names").forEach(name -> names.add(name.asText()));
    return names;
  }
}
