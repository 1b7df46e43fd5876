package io.parley.yaml;

import io.parley.wire.BugException;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlNode.Place;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One YAML text: its top mapping, and everything that is wrong with it. Reading never throws;
 * {@link #throwIfAny} does, once, with all problems. One thread.
 *
 * <p>Anchors, aliases, tags, merge keys, keys that are there twice and a second document are
 * problems: what a person reads must be what the program reads.
 */
public final class YamlFile {
  private final String name;
  private final Function<String, @Nullable String> refusals;
  private final Problems problems = new Problems();
  private final Map<String, Place> places = new HashMap<>();
  private @Nullable YamlSection root;

  private YamlFile(String name, Function<String, @Nullable String> refusals) {
    this.name = name;
    this.refusals = refusals;
  }

  /**
   * Reads text.
   *
   * @param name of the file, for messages
   */
  public static YamlFile read(String text, String name) {
    return read(text, name, key -> null);
  }

  /**
   * As {@link #read(String, String)}.
   *
   * @param refusals what to say about an unknown key in place of "unknown key", or null
   */
  public static YamlFile read(
      String text, String name, Function<String, @Nullable String> refusals) {
    YamlFile file = new YamlFile(name, refusals);
    file.parse(text);
    return file;
  }

  /**
   * Reads a file, which must be UTF-8.
   *
   * @param bytesMax a larger one is a problem, and is not read
   */
  public static YamlFile load(Path path, int bytesMax) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(bytesMax + 1);
    }
    YamlFile file = new YamlFile(path.toString(), key -> null);
    if (bytes.length > bytesMax) {
      file.problems.add("", "is larger than %d bytes".formatted(bytesMax));
      return file;
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer text = CharBuffer.allocate(bytes.length + 1);
    CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), text, true);
    text.flip();
    if (result.isError()) {
      file.place("", end(text));
      file.problems.add("", "is not UTF-8");
    } else {
      file.parse(text.toString());
    }
    return file;
  }

  private static Place end(CharBuffer text) {
    int line = 1;
    int column = 1;
    while (text.hasRemaining()) {
      boolean newLine = text.get() == '\n';
      line += newLine ? 1 : 0;
      column = newLine ? 1 : column + 1;
    }
    return new Place(line, column);
  }

  private void parse(String text) {
    try {
      YamlReader.Document document = YamlReader.read(text);
      for (YamlReader.Duplicate twice : document.duplicates()) {
        String path = "'" + Suggestions.shown(twice.key()) + "'";
        // Its own path, so that two keys of one name keep their places.
        places.put(path + twice.place(), twice.place());
        problems.add(
            path + twice.place(),
            "key %s is there twice, first in line %d".formatted(path, twice.first().line()));
      }
      root = YamlSection.of(this, "", document.root());
    } catch (YamlReader.Unreadable e) {
      places.put("", e.place());
      problems.add("", String.valueOf(e.getMessage()));
    }
  }

  /** The top mapping; null, and a problem, where there is none. */
  public @Nullable YamlSection root() {
    return root;
  }

  /** As {@link #root}, or all problems at once where there is none. */
  public YamlSection rootOrThrow(Reason reason) {
    @Nullable YamlSection top = root;
    if (top == null) {
      throwIfAny(reason);
      throw new BugException("no mapping, and no problem says why");
    }
    return top;
  }

  /** What is wrong; add to it what YAML does not know. Paths are {@link YamlSection#path}. */
  public Problems problems() {
    return problems;
  }

  /**
   * Throws when there is anything to tell.
   *
   * @throws RefusedException with this reason, and one line of file, line, column for each problem
   */
  public void throwIfAny(Reason reason) {
    problems.throwIfAny(reason, name, this::line);
  }

  void place(String path, Place place) {
    places.putIfAbsent(path, place);
  }

  @Nullable String refusal(String key) {
    return refusals.apply(key);
  }

  private String line(Problems.Problem problem) {
    String path = problem.path();
    @Nullable Place place = places.get(path);
    while (place == null && !path.isEmpty()) {
      // A rule may name a part that is not written; then the nearest part around it is the place.
      path = path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "";
      place = places.get(path);
    }
    Place shown = place == null ? new Place(1, 1) : place;
    String where = "%s:%d:%d: ".formatted(name, shown.line(), shown.column());
    return problem.path().isEmpty() || problem.path().startsWith("'")
        ? where + problem.message()
        : where + problem.path() + ": " + problem.message();
  }
}
