package io.parley.yaml;

import java.util.List;

/** YAML as it was written, with the place of every part. */
public sealed interface YamlNode {
  Place place();

  /** Line and column, both from 1. */
  record Place(int line, int column) {}

  /**
   * Text, a number, a truth value, or nothing.
   *
   * @param text as written, without quotes
   */
  record Scalar(Place place, Kind kind, String text) implements YamlNode {}

  enum Kind {
    TEXT,
    NUMBER,
    TRUTH,
    NOTHING
  }

  record Sequence(Place place, List<YamlNode> items) implements YamlNode {}

  /**
   * @param entries in the order they were written; no key twice
   */
  record Mapping(Place place, List<Entry> entries) implements YamlNode {}

  record Entry(Place place, String key, YamlNode value) {}

  /** For messages. */
  static String kind(YamlNode node) {
    return switch (node) {
      case Mapping _ -> "a mapping";
      case Sequence _ -> "a list";
      case Scalar scalar ->
          switch (scalar.kind()) {
            case TEXT -> "text";
            case NUMBER -> "a number";
            case TRUTH -> "true or false";
            case NOTHING -> "nothing";
          };
    };
  }
}
