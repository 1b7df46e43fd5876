package io.parley.agreement;

import io.parley.agreement.YamlNode.Entry;
import io.parley.agreement.YamlNode.Kind;
import io.parley.agreement.YamlNode.Mapping;
import io.parley.agreement.YamlNode.Place;
import io.parley.agreement.YamlNode.Scalar;
import io.parley.agreement.YamlNode.Sequence;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One mapping of the text, read key by key; every wrong type becomes a problem at its place. */
final class YamlSection {
  // Conditions of the design that this version does not enforce, or names for them.
  private static final List<String> NOT_ENFORCED =
      List.of(
          "usage",
          "min_group",
          "chain",
          "chains",
          "gate",
          "verification",
          "schema",
          "window",
          "windows",
          "counters",
          "tolerance",
          "join",
          "group",
          "aggregate");

  private final Problems problems;
  private final Map<String, Place> places;
  private final String path;
  private final Mapping mapping;

  private YamlSection(Problems problems, Map<String, Place> places, String path, Mapping mapping) {
    this.problems = problems;
    this.places = places;
    this.path = path;
    this.mapping = mapping;
  }

  /** The section at this path, or null and a problem when the node is no mapping. */
  static @Nullable YamlSection of(
      Problems problems, Map<String, Place> places, String path, YamlNode node) {
    places.putIfAbsent(path, node.place());
    if (node instanceof Mapping mapping) {
      mapping.entries().forEach(e -> places.put(join(path, e.key()), e.place()));
      return new YamlSection(problems, places, path, mapping);
    }
    problems.add(path, "is %s; expected a mapping".formatted(YamlNode.kind(node)));
    return null;
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  String path(String key) {
    return join(path, key);
  }

  List<Entry> entries() {
    return mapping.entries();
  }

  /** Every key must be one of these. */
  YamlSection only(String... keys) {
    List<String> known = List.of(keys);
    for (Entry entry : mapping.entries()) {
      String key = entry.key();
      if (known.contains(key)) {
        continue;
      }
      if (NOT_ENFORCED.contains(key)) {
        problems.add(
            path(key),
            "condition '%s' is not enforced by this version; remove it, or use a version that does"
                .formatted(key));
      } else {
        problems.add(
            path(key),
            "unknown key '%s'%s"
                .formatted(Suggestions.shown(key), Suggestions.forName(key, known)));
      }
    }
    return this;
  }

  @Nullable YamlNode find(String key) {
    for (Entry entry : mapping.entries()) {
      if (entry.key().equals(key)) {
        return entry.value();
      }
    }
    return null;
  }

  /** The value, or null and a problem. */
  @Nullable YamlNode require(String key, String expected) {
    @Nullable YamlNode node = find(key);
    if (node == null) {
      problems.add(
          path.isEmpty() ? "" : path, "'%s' is missing; expected %s".formatted(key, expected));
    }
    return node;
  }

  @Nullable YamlSection section(String key) {
    @Nullable YamlNode node = require(key, "a mapping");
    return node == null ? null : of(problems, places, path(key), node);
  }

  @Nullable String text(String key, String expected) {
    @Nullable YamlNode node = require(key, expected);
    return node == null ? null : text(path(key), node, expected);
  }

  /** Text, or null and a problem. Numbers and truth values are text too: they are as written. */
  @Nullable String text(String at, YamlNode node, String expected) {
    places.putIfAbsent(at, node.place());
    if (node instanceof Scalar scalar && scalar.kind() != Kind.NOTHING) {
      return scalar.text();
    }
    problems.add(at, "is %s; expected %s".formatted(YamlNode.kind(node), expected));
    return null;
  }

  @Nullable Long number(String key) {
    @Nullable YamlNode node = require(key, "a number");
    if (node == null) {
      return null;
    }
    if (node instanceof Scalar scalar
        && scalar.kind() == Kind.NUMBER
        && scalar.text().matches("[0-9]{1,19}")) {
      BigInteger value = new BigInteger(scalar.text());
      if (value.bitLength() < Long.SIZE) {
        return value.longValueExact();
      }
    }
    String shown =
        node instanceof Scalar scalar
            ? "'" + Suggestions.shown(scalar.text()) + "'"
            : YamlNode.kind(node);
    problems.add(path(key), "is %s; expected a whole number such as 100".formatted(shown));
    return null;
  }

  boolean truth(String key, boolean otherwise) {
    @Nullable YamlNode node = find(key);
    if (node == null) {
      return otherwise;
    }
    if (node instanceof Scalar scalar && scalar.kind() == Kind.TRUTH) {
      return Boolean.parseBoolean(scalar.text());
    }
    problems.add(path(key), "is %s; expected true or false".formatted(YamlNode.kind(node)));
    return otherwise;
  }

  /** A list of texts; one text alone is a list of one where {@code oneWillDo}. */
  @Nullable List<String> texts(String key, String what, boolean oneWillDo) {
    @Nullable YamlNode node = require(key, "a list of " + what);
    return node == null ? null : texts(path(key), node, what, oneWillDo);
  }

  List<String> textsOrNone(String key, String what) {
    @Nullable YamlNode node = find(key);
    @Nullable List<String> texts = node == null ? null : texts(path(key), node, what, false);
    return texts == null ? List.of() : texts;
  }

  private @Nullable List<String> texts(String at, YamlNode node, String what, boolean oneWillDo) {
    if (oneWillDo && node instanceof Scalar scalar && scalar.kind() == Kind.TEXT) {
      return List.of(scalar.text());
    }
    if (!(node instanceof Sequence sequence)) {
      problems.add(at, "is %s; expected a list of %s".formatted(YamlNode.kind(node), what));
      return null;
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < sequence.items().size(); i++) {
      String itemPath = "%s[%d]".formatted(at, i);
      @Nullable String text = text(itemPath, sequence.items().get(i), "text");
      if (text != null) {
        texts.add(text);
      }
    }
    return texts;
  }

  /** A mapping of texts to texts. */
  @Nullable Map<String, String> textMap(String key) {
    @Nullable YamlSection section = section(key);
    if (section == null) {
      return null;
    }
    Map<String, String> map = new TreeMap<>();
    for (Entry entry : section.entries()) {
      @Nullable String text = text(section.path(entry.key()), entry.value(), "text");
      if (text != null) {
        map.put(entry.key(), text);
      }
    }
    return map;
  }
}
