package io.parley.shim.release;

import io.parley.shim.arrow.ArrowRows;
import io.parley.shim.json.JsonReader;
import io.parley.shim.json.JsonToken;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts the rows of a result, in constant memory, so that no reader of it can find more.
 *
 * <p>Arrow: the rows of all batches. CSV: records (RFC 4180) after the header; a lone CR ends a
 * record too, as some readers have it. JSON: elements of the longest array anywhere in it, at least
 * 1; members of objects are not rows.
 */
final class RowCounts {
  private static final int BUFFER_BYTES = 1 << 16;

  private RowCounts() {}

  /**
   * Rows in this file.
   *
   * @throws RefusedException OUTPUT_RULE when the file is not of its format
   */
  static long count(String result, ResultFormat format, Path file) throws IOException {
    try {
      return switch (format) {
        case ARROW -> ArrowRows.count(file);
        case CSV -> csv(file);
        case JSON -> json(file);
      };
    } catch (JsonReader.MalformedJsonException e) {
      throw malformed(result, format, e.getMessage());
    } catch (RefusedException e) {
      throw malformed(result, format, e.getMessage());
    }
  }

  private static long csv(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      CsvRecords records = new CsvRecords();
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        records.take(buffer, count);
      }
      return Math.max(0, records.end() - 1);
    }
  }

  private static long json(Path file) throws IOException {
    try (InputStream in =
        new BufferedInputStream(
            Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), BUFFER_BYTES)) {
      return longestArray(new JsonReader(in));
    }
  }

  private static long longestArray(JsonReader json) throws IOException {
    long[] elements = new long[JsonReader.DEPTH_MAX + 1];
    boolean[] isArray = new boolean[elements.length];
    long longest = 1;
    for (JsonToken token = json.next(); token != JsonToken.END; token = json.next()) {
      boolean opens = token == JsonToken.BEGIN_ARRAY || token == JsonToken.BEGIN_OBJECT;
      boolean closes = token == JsonToken.END_ARRAY || token == JsonToken.END_OBJECT;
      int inside = opens ? json.depth() - 1 : json.depth();
      if (!closes && token != JsonToken.NAME && isArray[inside]) {
        longest = Math.max(longest, ++elements[inside]);
      }
      if (opens) {
        elements[json.depth()] = 0;
        isArray[json.depth()] = token == JsonToken.BEGIN_ARRAY;
      }
    }
    return longest;
  }

  private static RefusedException malformed(
      String result, ResultFormat format, @Nullable Object detail) {
    return new RefusedException(
        Reason.OUTPUT_RULE,
        "result '%s' is not %s: %s".formatted(result, format.extension(), detail),
        Map.of("result", result, "format", format.extension()));
  }
}
