package io.parley.peer.gates;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.parley.gate.ExpectedResult;
import io.parley.peer.datasets.SmallTables;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON file as a table of its values: where each is, and what; as enclaves read results. */
final class JsonTable {
  private static final int DEPTH_MAX = 64;
  private static final long FILE_BYTES_MAX = 4L << 20;

  private final JsonParser json;
  private final List<List<@Nullable String>> rows = new ArrayList<>();

  private JsonTable(JsonParser json) {
    this.json = json;
  }

  /**
   * Reads it.
   *
   * @throws RefusedException INVALID_VERIFICATION_SET with the line
   */
  static SmallTables.Text read(Path file) throws IOException {
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "%s has more than %d bytes".formatted(file, FILE_BYTES_MAX));
    }
    try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
      JsonTable table = new JsonTable(json);
      table.value(json.nextToken(), "$", 0);
      if (json.nextToken() != null) {
        throw new RefusedException(
            Reason.INVALID_VERIFICATION_SET, file + ": something follows the value");
      }
      return new SmallTables.Text(List.of(ExpectedResult.PATH, ExpectedResult.VALUE), table.rows);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new RefusedException(
          Reason.INVALID_VERIFICATION_SET,
          "%s, line %d: %s"
              .formatted(
                  file,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getOriginalMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  private void value(@Nullable JsonToken token, String path, int depth) throws IOException {
    if (token == null || depth > DEPTH_MAX) {
      throw new RefusedException(
          Reason.INVALID_VERIFICATION_SET, path + ": no value, or nested too deeply");
    }
    switch (token) {
      case START_OBJECT -> object(path, depth);
      case START_ARRAY -> array(path, depth);
      case VALUE_STRING -> add(path, '"' + json.getText() + '"');
      case VALUE_NULL -> add(path, null);
      default -> add(path, json.getText());
    }
  }

  private void object(String path, int depth) throws IOException {
    int before = rows.size();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String member = path + "." + json.currentName();
      value(json.nextToken(), member, depth + 1);
    }
    if (rows.size() == before) {
      add(path, "{}");
    }
  }

  private void array(String path, int depth) throws IOException {
    int before = rows.size();
    int place = 0;
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      value(token, "%s[%d]".formatted(path, place++), depth + 1);
    }
    if (rows.size() == before) {
      add(path, "[]");
    }
  }

  private void add(String path, @Nullable String value) {
    rows.add(Arrays.<@Nullable String>asList(path, value));
  }
}
