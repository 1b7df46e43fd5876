package io.parley.agreement;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.parley.agreement.YamlNode.Place;
import io.parley.wire.BugException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  private final YAMLParser parser;
  private final List<Duplicate> duplicates = new ArrayList<>();
  private int nodes;

  /** A key that is there twice; the rest of the document is still worth reading. */
  record Duplicate(Place place, String key, Place first) {}

  private YamlReader(YAMLParser parser) {
    this.parser = parser;
  }

  /** The document, and the keys that are in it twice. */
  record Document(YamlNode root, List<Duplicate> duplicates) {}

  static Document read(String text) throws Unreadable {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      YamlReader reader = new YamlReader(parser);
      if (parser.nextToken() == null) {
        throw new Unreadable(START, "the document is empty");
      }
      YamlNode root = reader.node(0);
      if (parser.nextToken() != null) {
        throw new Unreadable(reader.here(), "a second document; expected one");
      }
      return new Document(root, reader.duplicates);
    } catch (JsonProcessingException e) {
      @Nullable JsonLocation at = e.getLocation();
      String why = e.getOriginalMessage().lines().findFirst().orElse("cannot be parsed");
      throw new Unreadable(at == null ? START : place(at), "is no YAML: " + why);
    } catch (IOException e) {
      throw new BugException("reading from a string failed", e);
    }
  }

  private YamlNode node(int depth) throws IOException, Unreadable {
    Place place = here();
    if (depth > MAX_DEPTH) {
      throw new Unreadable(place, "nested deeper than %d levels".formatted(MAX_DEPTH));
    }
    if (++nodes > MAX_NODES) {
      throw new Unreadable(place, "more than %d values".formatted(MAX_NODES));
    }
    refuseReferences(place);
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(place, depth);
      case START_ARRAY -> sequence(place, depth);
      case VALUE_STRING -> scalar(place, YamlNode.Kind.TEXT);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> scalar(place, YamlNode.Kind.NUMBER);
      case VALUE_TRUE, VALUE_FALSE -> scalar(place, YamlNode.Kind.TRUTH);
      case VALUE_NULL -> new YamlNode.Scalar(place, YamlNode.Kind.NOTHING, "");
      default -> throw new Unreadable(place, "expected a value");
    };
  }

  private YamlNode scalar(Place place, YamlNode.Kind kind) throws IOException {
    return new YamlNode.Scalar(place, kind, parser.getText());
  }

  // An alias would let a small text stand for a huge one, and hide what is signed.
  private void refuseReferences(Place place) throws IOException, Unreadable {
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw new Unreadable(place, "anchors and aliases (& and *) are not allowed; write it out");
    }
    if (parser.getTypeId() != null) {
      throw new Unreadable(place, "tags (!) are not allowed");
    }
  }

  private YamlNode sequence(Place place, int depth) throws IOException, Unreadable {
    List<YamlNode> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(node(depth + 1));
    }
    return new YamlNode.Sequence(place, List.copyOf(items));
  }

  private YamlNode mapping(Place place, int depth) throws IOException, Unreadable {
    List<YamlNode.Entry> entries = new ArrayList<>();
    Map<String, Place> seen = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      Place keyPlace = here();
      refuseReferences(keyPlace);
      String key = parser.currentName();
      parser.nextToken();
      YamlNode value = node(depth + 1);
      @Nullable Place first = seen.putIfAbsent(key, keyPlace);
      if (first == null) {
        entries.add(new YamlNode.Entry(keyPlace, key, value));
      } else {
        duplicates.add(new Duplicate(keyPlace, key, first));
      }
    }
    return new YamlNode.Mapping(place, List.copyOf(entries));
  }

  private Place here() {
    return place(parser.currentTokenLocation());
  }

  private static Place place(JsonLocation location) {
    return new Place(Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
  }
}
