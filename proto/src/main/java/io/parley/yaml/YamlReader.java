package io.parley.yaml;

import io.parley.wire.BugException;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlNode.Kind;
import io.parley.yaml.YamlNode.Place;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;

/**
 * YAML events into nodes, keeping every place. Refuses what could mean two things or grow without
 * end: duplicate keys, anchors and aliases, tags, a second document, depth, number of nodes.
 */
final class YamlReader {
  /** What stopped the reading; nothing after it is known. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Place place;

    Unreadable(Place place, String message) {
      super(message);
      this.place = place;
    }

    Place place() {
      return place;
    }
  }

  private static final int MAX_DEPTH = 16;
  private static final int MAX_NODES = 100_000;
  private static final Place START = new Place(1, 1);

  private final Iterator<Event> events;
  private final List<Duplicate> duplicates = new ArrayList<>();
  private int nodes;

  /** A key that is there twice; the rest of the document is still worth reading. */
  record Duplicate(Place place, String key, Place first) {}

  private YamlReader(Iterator<Event> events) {
    this.events = events;
  }

  /** The document, and the keys that are in it twice. */
  record Document(YamlNode root, List<Duplicate> duplicates) {}

  static Document read(String text) throws Unreadable {
    try {
      return new YamlReader(new Yaml(new LoaderOptions()).parse(new StringReader(text)).iterator())
          .document();
    } catch (MarkedYAMLException e) {
      @Nullable Mark at = e.getProblemMark();
      throw new Unreadable(at == null ? START : place(at), "is no YAML: " + shown(e.getProblem()));
    } catch (YAMLException e) {
      throw new Unreadable(START, "is no YAML: " + shown(e.getMessage()));
    }
  }

  private static String shown(@Nullable String problem) {
    return problem == null ? "cannot be parsed" : Suggestions.shown(problem);
  }

  private Document document() throws Unreadable {
    skip(Event.ID.StreamStart);
    if (!events.next().is(Event.ID.DocumentStart)) {
      throw new Unreadable(START, "the document is empty");
    }
    YamlNode root = node(events.next(), 0);
    skip(Event.ID.DocumentEnd);
    Event after = events.next();
    if (!after.is(Event.ID.StreamEnd)) {
      throw new Unreadable(place(after), "a second document; expected one");
    }
    return new Document(root, duplicates);
  }

  private void skip(Event.ID expected) {
    Event event = events.next();
    if (!event.is(expected)) {
      throw new BugException("expected %s, came %s".formatted(expected, event));
    }
  }

  private YamlNode node(Event event, int depth) throws Unreadable {
    Place place = place(event);
    if (depth > MAX_DEPTH) {
      throw new Unreadable(place, "nested deeper than %d levels".formatted(MAX_DEPTH));
    }
    if (++nodes > MAX_NODES) {
      throw new Unreadable(place, "more than %d values".formatted(MAX_NODES));
    }
    refuseReferences(event);
    return switch (event) {
      case MappingStartEvent _ -> mapping(place, depth);
      case SequenceStartEvent _ -> sequence(place, depth);
      case ScalarEvent scalar -> new YamlNode.Scalar(place, kind(scalar), scalar.getValue());
      default -> throw new Unreadable(place, "expected a value");
    };
  }

  /** What a value that is not quoted stands for; everything else is text. */
  private static Kind kind(ScalarEvent scalar) {
    if (scalar.getScalarStyle() != ScalarStyle.PLAIN) {
      return Kind.TEXT;
    }
    String text = scalar.getValue();
    return switch (text) {
      case "", "~", "null", "Null", "NULL" -> Kind.NOTHING;
      case "true", "True", "TRUE", "false", "False", "FALSE" -> Kind.TRUTH;
      default ->
          text.matches("[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?")
              ? Kind.NUMBER
              : Kind.TEXT;
    };
  }

  // An alias would let a small text stand for a huge one, and hide what is signed.
  private static void refuseReferences(Event event) throws Unreadable {
    if (event instanceof AliasEvent || (event instanceof NodeEvent n && n.getAnchor() != null)) {
      throw new Unreadable(
          place(event), "anchors and aliases (& and *) are not allowed; write it out");
    }
    @Nullable String tag =
        switch (event) {
          case ScalarEvent scalar -> scalar.getTag();
          case CollectionStartEvent collection -> collection.getTag();
          default -> null;
        };
    if (tag != null) {
      throw new Unreadable(place(event), "tags (!) are not allowed");
    }
  }

  private YamlNode sequence(Place place, int depth) throws Unreadable {
    List<YamlNode> items = new ArrayList<>();
    Event event = events.next();
    while (!event.is(Event.ID.SequenceEnd)) {
      items.add(node(event, depth + 1));
      event = events.next();
    }
    return new YamlNode.Sequence(place, List.copyOf(items));
  }

  private YamlNode mapping(Place place, int depth) throws Unreadable {
    List<YamlNode.Entry> entries = new ArrayList<>();
    Map<String, Place> seen = new HashMap<>();
    Event event = events.next();
    while (!event.is(Event.ID.MappingEnd)) {
      Place keyPlace = place(event);
      refuseReferences(event);
      if (!(event instanceof ScalarEvent scalar)) {
        throw new Unreadable(keyPlace, "a list or a mapping as a key; expected a name");
      }
      String key = scalar.getValue();
      YamlNode value = node(events.next(), depth + 1);
      @Nullable Place first = seen.putIfAbsent(key, keyPlace);
      if (first == null) {
        entries.add(new YamlNode.Entry(keyPlace, key, value));
      } else {
        duplicates.add(new Duplicate(keyPlace, key, first));
      }
      event = events.next();
    }
    return new YamlNode.Mapping(place, List.copyOf(entries));
  }

  private static Place place(Event event) {
    return place(event.getStartMark());
  }

  private static Place place(Mark mark) {
    return new Place(mark.getLine() + 1, mark.getColumn() + 1);
  }
}
