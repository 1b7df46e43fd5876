package io.parley.broker.config;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** One YAML mapping, with the place of everything in it; collects problems instead of stopping. */
final class YamlReader {
  private static final int NESTING_MAX = 8;

  private final List<String> problems;
  private final @Nullable Mark at;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private YamlReader(List<String> problems, @Nullable Mark at) {
    this.problems = problems;
    this.at = at;
  }

  static YamlReader of(String text) {
    YamlReader root = new YamlReader(new ArrayList<>(), null);
    LoaderOptions options = new LoaderOptions();
    options.setNestingDepthLimit(NESTING_MAX);
    options.setMaxAliasesForCollections(1);
    try {
      root.read(new Yaml(new SafeConstructor(options)).compose(new StringReader(text)), "the file");
    } catch (MarkedYAMLException e) {
      root.problems.add(where(e.getProblemMark()) + "is not YAML: " + e.getProblem());
    }
    return root;
  }

  List<String> problems() {
    return problems;
  }

  /** Whatever is not one of these keys is a problem. */
  void allow(String... keys) {
    List<String> known = List.of(keys);
    entries.forEach((key, entry) -> {
      if (!known.contains(key)) {
        problems.add(
            where(entry.key().getStartMark())
                + "unknown key '%s'%s".formatted(key, meant(key, known)));
      }
    });
  }

  void problem(String key, String problem) {
    Entry entry = entries.get(key);
    problems.add(where(entry == null ? at : entry.value().getStartMark()) + key + " " + problem);
  }

  String text(String key, String otherwise) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return otherwise;
    }
    if (entry.value() instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    problem(key, "must be one value");
    return otherwise;
  }

  int number(String key, int otherwise) {
    String text = text(key, Integer.toString(otherwise));
    if (text.matches("[0-9]{1,9}")) {
      return Integer.parseInt(text);
    }
    problem(key, "is '%s'; expected a whole number".formatted(text));
    return otherwise;
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    Entry entry = entries.get(key);
    if (entry != null && entry.value() instanceof SequenceNode list) {
      for (Node item : list.getValue()) {
        if (item instanceof ScalarNode scalar) {
          texts.add(scalar.getValue());
        } else {
          problems.add(where(item.getStartMark()) + "%s must be a list of values".formatted(key));
        }
      }
    } else if (entry != null) {
      problem(key, "must be a list, for example [simulated]");
    }
    return texts;
  }

  YamlReader section(String key) {
    Entry entry = entries.get(key);
    YamlReader section =
        new YamlReader(problems, entry == null ? at : entry.value().getStartMark());
    if (entry != null) {
      section.read(entry.value(), key);
    }
    return section;
  }

  private void read(@Nullable Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      problems.add(
          where(node == null ? at : node.getStartMark()) + what + " must be key: value lines");
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      Node key = tuple.getKeyNode();
      String name = key instanceof ScalarNode scalar ? scalar.getValue() : "";
      if (entries.put(name, new Entry(key, tuple.getValueNode())) != null) {
        problems.add(where(key.getStartMark()) + "key '%s' is there twice".formatted(name));
      }
    }
  }

  private static String where(@Nullable Mark mark) {
    return mark == null
        ? ""
        : "line %d, column %d: ".formatted(mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static String meant(String key, List<String> known) {
    String nearest = known.getFirst();
    for (String candidate : known) {
      if (distance(key, candidate) < distance(key, nearest)) {
        nearest = candidate;
      }
    }
    return distance(key, nearest) <= 1 + key.length() / 3
        ? "; did you mean '%s'?".formatted(nearest)
        : "; expected one of " + String.join(", ", known);
  }

  /** Levenshtein. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    java.util.Arrays.setAll(row, column -> column);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private record Entry(Node key, Node value) {}
}
