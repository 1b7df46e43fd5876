package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The sections of a YAML agreement that say what may be done with data, and what results are. */
final class UsageSections {
  private UsageSections() {}

  /** Of a dataset; what is wrong is among the problems. */
  static Usage usage(Problems problems, YamlSection dataset) {
    @Nullable String identity =
        dataset.find("identity") == null ? "" : dataset.text("identity", "a column's name");
    @Nullable YamlSection section = dataset.find("usage") == null ? null : dataset.section("usage");
    List<String> join = List.of();
    List<String> group = List.of();
    List<String> filter = List.of();
    List<String> list = List.of();
    TreeMap<String, List<String>> aggregate = new TreeMap<>();
    if (section != null) {
      section.only("join", "group", "aggregate", "filter", "list");
      join = section.textsOrNone("join", "columns");
      group = section.textsOrNone("group", "columns");
      filter = section.textsOrNone("filter", "columns");
      list = section.textsOrNone("list", "columns");
      aggregate = aggregate(section);
      problems.check(
          !(join.isEmpty()
              && group.isEmpty()
              && filter.isEmpty()
              && list.isEmpty()
              && aggregate.isEmpty()),
          dataset.path("usage"),
          "is empty, so nothing is allowed; grant something, or leave the dataset out");
    }
    List<String> joined = join;
    List<String> grouped = group;
    List<String> filtered = filter;
    List<String> listed = list;
    TreeMap<String, List<String>> aggregated = aggregate;
    @Nullable Usage usage =
        problems.attempt(
            dataset.path("usage"),
            () ->
                new Usage(
                    joined,
                    grouped,
                    aggregated,
                    filtered,
                    listed,
                    identity == null ? "" : identity));
    return usage == null ? Usage.UNSTATED : usage;
  }

  /** Of a dataset; what is wrong is among the problems. */
  static Budget budget(Problems problems, YamlSection dataset) {
    @Nullable YamlSection section =
        dataset.find("budget") == null ? null : dataset.section("budget");
    if (section == null) {
      return Budget.UNLIMITED;
    }
    section.only("queries", "per");
    @Nullable Long queries = section.number("queries");
    @Nullable String per = section.text("per", "a length of time such as 1d");
    if (queries == null || per == null) {
      return Budget.UNLIMITED;
    }
    @Nullable Budget budget =
        problems.attempt(
            dataset.path("budget"),
            () -> {
              // 0 would stand for any number, and nobody wrote that.
              int number = Math.clamp(queries, -1, Integer.MAX_VALUE);
              return new Budget(number == 0 ? -1 : number, Budget.parsePer(per));
            });
    return budget == null ? Budget.UNLIMITED : budget;
  }

  private static TreeMap<String, List<String>> aggregate(YamlSection usage) {
    TreeMap<String, List<String>> aggregate = new TreeMap<>();
    @Nullable YamlSection section =
        usage.find("aggregate") == null ? null : usage.section("aggregate");
    if (section != null) {
      for (Entry entry : section.entries()) {
        @Nullable List<String> functions = section.texts(entry.key(), "functions", true);
        if (functions != null) {
          aggregate.put(entry.key(), functions);
        }
      }
    }
    return aggregate;
  }

  /**
   * Of a result.
   *
   * @param schema the columns, as the reader of a dataset's columns reads them
   */
  static Shape shape(Problems problems, YamlSection result, List<Column> schema) {
    @Nullable Long minGroup = result.find("min_group") == null ? null : result.number("min_group");
    TreeMap<String, Rounding> rounding = new TreeMap<>();
    @Nullable YamlSection section =
        result.find("rounding") == null ? null : result.section("rounding");
    if (section != null) {
      for (Entry entry : section.entries()) {
        @Nullable String text = section.text(entry.key(), "a number such as 0.01 or 5");
        @Nullable Rounding step =
            text == null
                ? null
                : problems.attempt(section.path(entry.key()), () -> Rounding.parse(text));
        if (step != null) {
          rounding.put(entry.key(), step);
        }
      }
    }
    // Zero stands for none in the record, and nobody means none by writing it.
    long least = minGroup == null ? 0 : minGroup == 0 ? -1 : minGroup;
    @Nullable Shape shape =
        problems.attempt(trimmed(result), () -> new Shape(least, rounding, schema));
    return shape == null ? Shape.ANY : shape;
  }

  private static String trimmed(YamlSection section) {
    String path = section.path("");
    return path.endsWith(".") ? path.substring(0, path.length() - 1) : path;
  }

  static Queries queries(Problems problems, YamlSection top) {
    @Nullable YamlNode node = top.find("queries");
    @Nullable String text = node == null ? null : top.text("queries", "fixed or within_rules");
    if (text == null) {
      return Queries.FIXED;
    }
    for (Queries queries : Queries.values()) {
      if (queries.text().equals(text)) {
        return queries;
      }
    }
    problems.add(
        "queries",
        "is '%s'%s"
            .formatted(
                Suggestions.shown(text),
                Suggestions.forName(
                    text, List.of(Queries.FIXED.text(), Queries.WITHIN_RULES.text()))));
    return Queries.FIXED;
  }

  /** The lines of a dataset's usage, without their outer indentation. */
  static List<String> lines(Usage usage) {
    List<String> lines = new ArrayList<>();
    if (usage.hasIdentity()) {
      lines.add("identity: " + AgreementYamlWriter.quoted(usage.identity()));
    }
    if (!usage.isStated()) {
      return lines;
    }
    lines.add("usage:");
    list(lines, "join", usage.join());
    list(lines, "group", usage.group());
    if (!usage.aggregate().isEmpty()) {
      lines.add("  aggregate:");
      usage
          .aggregate()
          .forEach((column, functions) ->
              lines.add(
                  "    %s: %s"
                      .formatted(
                          AgreementYamlWriter.quoted(column),
                          AgreementYamlWriter.list(functions))));
    }
    list(lines, "filter", usage.filter());
    list(lines, "list", usage.list());
    return lines;
  }

  private static void list(List<String> lines, String key, List<String> columns) {
    if (!columns.isEmpty()) {
      lines.add("  %s: %s".formatted(key, AgreementYamlWriter.list(columns)));
    }
  }

  /** The lines of a result's shape, without their outer indentation. */
  static List<String> lines(Shape shape) {
    List<String> lines = new ArrayList<>();
    if (shape.minGroup() > 0) {
      lines.add("min_group: " + shape.minGroup());
    }
    if (!shape.rounding().isEmpty()) {
      lines.add("rounding:");
      shape
          .rounding()
          .forEach((column, step) ->
              lines.add("  %s: %s".formatted(AgreementYamlWriter.quoted(column), step.text())));
    }
    if (!shape.schema().isEmpty()) {
      lines.add("schema:");
      shape.schema().forEach(column -> lines.add("  " + AgreementYamlWriter.column(column)));
    }
    return lines;
  }
}
