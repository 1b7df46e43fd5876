package io.parley.peer.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * One mapping of a YAML file, read key by key. Every problem is noted with its line and column;
 * reading goes on, so that all of them are reported at once. Keys that nobody asked for are a
 * problem when {@link #end} is called. Not thread-safe.
 */
final class YamlSection {
  private final String path;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Mark> keys = new LinkedHashMap<>();
  private final Set<String> asked = new LinkedHashSet<>();
  private final @Nullable Mark start;
  private final String file;
  private final List<String> problems;

  YamlSection(String file, String path, @Nullable Node node, List<String> problems) {
    this.file = file;
    this.path = path;
    this.problems = problems;
    this.start = node == null ? null : node.getStartMark();
    if (node instanceof MappingNode mapping) {
      mapping.getValue().forEach(this::add);
    } else if (node != null) {
      problem(start, "%sexpected a mapping (key: value)".formatted(where("")));
    }
  }

  private void add(NodeTuple tuple) {
    Mark mark = tuple.getKeyNode().getStartMark();
    if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
      problem(mark, "%sexpected a plain key".formatted(where("")));
      return;
    }
    if (values.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
      problem(mark, "key '%s' is here twice".formatted(path + key.getValue()));
    }
    keys.putIfAbsent(key.getValue(), mark);
  }

  /** A nested mapping; an absent one reads as empty. */
  YamlSection section(String key) {
    asked.add(key);
    return new YamlSection(file, path + key + ".", values.get(key), problems);
  }

  /** The value, or {@code otherwise} where there is none or it is wrong. */
  <T> T optional(String key, T otherwise, Function<String, T> parse) {
    asked.add(key);
    Node node = values.get(key);
    return node == null ? otherwise : scalar(key, node, otherwise, parse);
  }

  /** The value; its absence is a problem, and then {@code placeholder} keeps the reader going. */
  <T> T required(String key, T placeholder, Function<String, T> parse) {
    asked.add(key);
    Node node = values.get(key);
    if (node == null) {
      problem(start, "key '%s' is missing".formatted(path + key));
      return placeholder;
    }
    return scalar(key, node, placeholder, parse);
  }

  private <T> T scalar(String key, Node node, T otherwise, Function<String, T> parse) {
    if (!(node instanceof ScalarNode value)) {
      problem(node.getStartMark(), "%sexpected one value".formatted(where(key)));
      return otherwise;
    }
    try {
      return parse.apply(value.getValue());
    } catch (RuntimeException e) {
      problem(node.getStartMark(), where(key) + e.getMessage());
      return otherwise;
    }
  }

  /** Reports the keys that nobody asked for. */
  void end() {
    List<String> unknown = new ArrayList<>(keys.keySet());
    unknown.removeAll(asked);
    for (String key : unknown) {
      problem(
          keys.get(key),
          "unknown key '%s'%s".formatted(path + key, Nearest.hint(key, List.copyOf(asked))));
    }
  }

  private String where(String key) {
    String name = path + key;
    return name.isEmpty() ? "" : "'" + name.replaceFirst("\\.$", "") + "': ";
  }

  private void problem(@Nullable Mark mark, String message) {
    String at =
        mark == null ? file : file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
    problems.add(at + ": " + message);
  }
}
