package io.parley.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The canonical list of what something is made of; its digest names an app, or a shim with all that
 * surrounds it.
 *
 * <p>The text: a first line {@value #FIRST_LINE}; then {@code file MODE SHA256HEX PATH} for every
 * file, in the order of the paths' UTF-8 bytes; then {@code value NAME TEXT} for everything that is
 * no file, in the order of the names. Lines end with LF, the last one too. MODE is 755 or 644. Two
 * manifests are equal when, and only when, their texts are.
 *
 * <p>Immutable.
 */
public final class Manifest {
  /** Most files in one manifest. */
  public static final int MAX_FILES = 20_000;

  /** Most bytes of all files of one manifest together. */
  public static final long MAX_TOTAL_BYTES = 4L << 30;

  /** Longest text of a manifest that is parsed. */
  public static final int MAX_TEXT_BYTES = 4 * 1024 * 1024;

  private static final String FIRST_LINE = "parley-manifest 1";
  private static final int HEX_DIGITS = 2 * Digest.SIZE_BYTES;

  /** A file's mode (755 when its owner may execute it, else 644) and content. */
  public record Entry(boolean executable, Digest digest) {
    private String mode() {
      return executable ? "755" : "644";
    }
  }

  private final SortedMap<String, Entry> files;
  private final SortedMap<String, String> values;
  private final String text;

  Manifest(Map<String, Entry> files, Map<String, String> values) {
    this.files = sorted(files);
    this.values = sorted(values);
    this.text = write();
    if (files.size() > MAX_FILES || text.length() > MAX_TEXT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "a manifest of %d files and %d characters; at most %d files and %d bytes"
              .formatted(files.size(), text.length(), MAX_FILES, MAX_TEXT_BYTES),
          Map.of("files", Integer.toString(files.size())));
    }
  }

  /** Starts a manifest. */
  public static ManifestBuilder builder() {
    return new ManifestBuilder();
  }

  /**
   * Reads exactly what {@link #text} writes.
   *
   * @throws RefusedException INVALID_MANIFEST with the line, or SIZE_LIMIT
   */
  public static Manifest parse(String text) {
    if (text.length() > MAX_TEXT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "a manifest of more than %d bytes".formatted(MAX_TEXT_BYTES));
    }
    Map<String, Entry> files = new TreeMap<>();
    Map<String, String> values = new TreeMap<>();
    List<String> lines = text.lines().toList();
    for (int i = 1; i < lines.size(); i++) {
      parseLine(lines.get(i), i + 1, files, values);
    }
    Manifest manifest = new Manifest(files, values);
    if (!manifest.text.equals(text)) {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "the manifest is not in its canonical form: first line '%s', files sorted by path, then"
                  .formatted(FIRST_LINE)
              + " values sorted by name, each once, LF after every line");
    }
    return manifest;
  }

  private static void parseLine(
      String line, int number, Map<String, Entry> files, Map<String, String> values) {
    String[] parts = line.split(" ", 4);
    if (parts[0].equals("value") && parts.length >= 3) {
      String text = line.substring(7 + parts[1].length());
      values.put(ManifestNames.value(parts[1]), ManifestNames.text(parts[1], text));
    } else if (parts[0].equals("file")
        && parts.length == 4
        && (parts[1].equals("755") || parts[1].equals("644"))
        && parts[2].matches("[0-9a-f]{" + HEX_DIGITS + "}")) {
      Digest digest = Digest.ofValue(HexFormat.of().parseHex(parts[2]));
      files.put(ManifestNames.path(parts[3]), new Entry(parts[1].equals("755"), digest));
    } else {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "line %d of the manifest is neither 'file 755|644 SHA256 PATH' nor 'value NAME TEXT'"
              .formatted(number),
          Map.of("line", Integer.toString(number)));
    }
  }

  /** By path. */
  public SortedMap<String, Entry> files() {
    return files;
  }

  /** By name. */
  public SortedMap<String, String> values() {
    return values;
  }

  /** The canonical text. */
  public String text() {
    return text;
  }

  /** SHA-256 over the UTF-8 bytes of {@link #text}. */
  public Digest digest() {
    return Digest.of(text.getBytes(UTF_8));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Manifest manifest && text.equals(manifest.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** The digest: the text may be long. */
  @Override
  public String toString() {
    return "manifest " + digest();
  }

  private String write() {
    StringBuilder out = new StringBuilder(FIRST_LINE).append('\n');
    files.forEach((path, entry) ->
        out.append("file ")
            .append(entry.mode())
            .append(' ')
            .append(entry.digest().hex())
            .append(' ')
            .append(path)
            .append('\n'));
    values.forEach(
        (name, value) -> out.append("value ").append(name).append(' ').append(value).append('\n'));
    return out.toString();
  }

  private static <T> SortedMap<String, T> sorted(Map<String, T> entries) {
    SortedMap<String, T> sorted = new TreeMap<>(ManifestNames.ORDER);
    sorted.putAll(entries);
    return Collections.unmodifiableSortedMap(sorted);
  }
}
