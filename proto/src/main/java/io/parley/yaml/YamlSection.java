package io.parley.yaml;

import io.parley.wire.ParleyException;
import io.parley.wire.Problems;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlNode.Kind;
import io.parley.yaml.YamlNode.Mapping;
import io.parley.yaml.YamlNode.Scalar;
import io.parley.yaml.YamlNode.Sequence;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One mapping of the text, read key by key; every wrong type becomes a problem at its place. */
public final class YamlSection {
  private final YamlFile file;
  private final Problems problems;
  private final String path;
  private final Mapping mapping;

  private YamlSection(YamlFile file, String path, Mapping mapping) {
    this.file = file;
    this.problems = file.problems();
    this.path = path;
    this.mapping = mapping;
  }

  /** The section at this path, or null and a problem when the node is no mapping. */
  static @Nullable YamlSection of(YamlFile file, String path, YamlNode node) {
    file.place(path, node.place());
    if (node instanceof Mapping mapping) {
      mapping.entries().forEach(e -> file.place(join(path, e.key()), e.place()));
      return new YamlSection(file, path, mapping);
    }
    file.problems().add(path, "is %s; expected a mapping".formatted(YamlNode.kind(node)));
    return null;
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  public String path(String key) {
    return join(path, key);
  }

  public List<Entry> entries() {
    return mapping.entries();
  }

  /** Every key must be one of these. */
  public YamlSection only(String... keys) {
    List<String> known = List.of(keys);
    for (Entry entry : mapping.entries()) {
      String key = entry.key();
      if (known.contains(key)) {
        continue;
      }
      @Nullable String refusal = file.refusal(key);
      problems.add(
          path(key),
          refusal != null
              ? refusal
              : "unknown key '%s'%s"
                  .formatted(Suggestions.shown(key), Suggestions.forName(key, known)));
    }
    return this;
  }

  public @Nullable YamlNode find(String key) {
    for (Entry entry : mapping.entries()) {
      if (entry.key().equals(key)) {
        return entry.value();
      }
    }
    return null;
  }

  /** The value, or null and a problem. */
  public @Nullable YamlNode require(String key, String expected) {
    @Nullable YamlNode node = find(key);
    if (node == null) {
      problems.add(
          path.isEmpty() ? "" : path, "'%s' is missing; expected %s".formatted(key, expected));
    }
    return node;
  }

  public @Nullable YamlSection section(String key) {
    @Nullable YamlNode node = require(key, "a mapping");
    return node == null ? null : of(file, path(key), node);
  }

  /** The section that is the value of this entry of {@link #entries}, or null and a problem. */
  public @Nullable YamlSection section(Entry entry) {
    return of(file, path(entry.key()), entry.value());
  }

  /** A section that may be left out, and then has no keys; so has one that is no mapping. */
  public YamlSection sectionOrEmpty(String key) {
    @Nullable YamlNode node = find(key);
    @Nullable YamlSection section = node == null ? null : of(file, path(key), node);
    return section == null
        ? new YamlSection(file, path(key), new Mapping(mapping.place(), List.of()))
        : section;
  }

  /**
   * What {@code parse} makes of a value; {@code otherwise} when there is none, or, with a problem,
   * when {@code parse} refuses it with an IllegalArgumentException or a ParleyException.
   */
  public <T> T value(String key, T otherwise, Function<String, T> parse) {
    @Nullable YamlNode node = find(key);
    return node == null ? otherwise : value(key, node, otherwise, parse);
  }

  /** As {@link #value}; that there is none is a problem. */
  public <T> T required(String key, T placeholder, String expected, Function<String, T> parse) {
    @Nullable YamlNode node = require(key, expected);
    return node == null ? placeholder : value(key, node, placeholder, parse);
  }

  private <T> T value(String key, YamlNode node, T otherwise, Function<String, T> parse) {
    @Nullable String text = text(path(key), node, "one value");
    if (text == null) {
      return otherwise;
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException | ParleyException e) {
      problems.add(path(key), String.valueOf(e.getMessage()));
      return otherwise;
    }
  }

  public @Nullable String text(String key, String expected) {
    @Nullable YamlNode node = require(key, expected);
    return node == null ? null : text(path(key), node, expected);
  }

  /** Text, or null and a problem. Numbers and truth values are text too: they are as written. */
  public @Nullable String text(String at, YamlNode node, String expected) {
    file.place(at, node.place());
    if (node instanceof Scalar scalar && scalar.kind() != Kind.NOTHING) {
      return scalar.text();
    }
    problems.add(at, "is %s; expected %s".formatted(YamlNode.kind(node), expected));
    return null;
  }

  public @Nullable Long number(String key) {
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

  public boolean truth(String key, boolean otherwise) {
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
  public @Nullable List<String> texts(String key, String what, boolean oneWillDo) {
    @Nullable YamlNode node = require(key, "a list of " + what);
    return node == null ? null : texts(path(key), node, what, oneWillDo);
  }

  public List<String> textsOrNone(String key, String what) {
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
  public @Nullable Map<String, String> textMap(String key) {
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
