package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlNode.Mapping;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads columns, NAME: TYPE, wherever an agreement's text has them. One thread. */
final class ColumnSections {
  private final Problems problems;

  ColumnSections(Problems problems) {
    this.problems = problems;
  }

  /** The columns under this key; one that is wrong is left out, with a problem. */
  List<Column> of(YamlSection around, String key) {
    @Nullable YamlSection section = around.section(key);
    return section == null ? List.of() : of(section);
  }

  /** The columns of this section; none is a problem. */
  List<Column> of(YamlSection section) {
    List<Column> columns = new ArrayList<>();
    if (section.entries().isEmpty()) {
      problems.add(trimmed(section.path("")), "is empty; expected NAME: TYPE");
    }
    for (Entry entry : section.entries()) {
      @Nullable Column column = column(section, entry);
      if (column != null) {
        columns.add(column);
      }
    }
    return columns;
  }

  private @Nullable Column column(YamlSection columns, Entry entry) {
    String path = columns.path(entry.key());
    if (entry.value() instanceof Mapping) {
      @Nullable YamlSection section = columns.section(entry);
      if (section == null) {
        return null;
      }
      section.only("type", "nullable");
      @Nullable String type = section.text("type", "a column type");
      boolean nullable = section.truth("nullable", true);
      return type == null
          ? null
          : attempt(path, () -> new Column(entry.key(), ColumnType.parse(type), nullable));
    }
    @Nullable String text = columns.text(path, entry.value(), "a column type such as BIGINT");
    if (text == null) {
      return null;
    }
    String type = text.replaceFirst("(?i)\\s+NOT\\s+NULL\\s*$", "");
    return attempt(path, () -> new Column(entry.key(), ColumnType.parse(type), type.equals(text)));
  }

  /** What {@code make} gives, or null and its problems at this place. */
  <T> @Nullable T attempt(String path, Supplier<T> make) {
    int before = problems.count();
    @Nullable T made = problems.attempt(trimmed(path), make);
    return problems.count() == before ? made : null;
  }

  /** The path of a section itself. */
  static String trimmed(String path) {
    return path.endsWith(".") ? path.substring(0, path.length() - 1) : path;
  }
}
