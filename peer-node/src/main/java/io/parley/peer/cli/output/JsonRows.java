package io.parley.peer.cli.output;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a JSON result: an array of flat objects gives one row each; one object gives one row;
 * whatever is nested is kept as JSON text.
 */
final class JsonRows {
  private static final int SIZE_LIMIT_BYTES = 64 << 20;

  private JsonRows() {}

  static void copy(InputStream file, RowWriter writer) throws IOException {
    byte[] bytes = file.readNBytes(SIZE_LIMIT_BYTES + 1);
    if (bytes.length > SIZE_LIMIT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "a JSON result of more than %d bytes is only written as it is: --format json"
              .formatted(SIZE_LIMIT_BYTES));
    }
    JsonNode root =
        JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build()
            .readTree(bytes);
    List<JsonNode> rows = new ArrayList<>();
    if (root.isArray()) {
      root.forEach(rows::add);
    } else {
      rows.add(root);
    }
    Map<String, Boolean> columns = columns(rows);
    writer.begin(
        columns.entrySet().stream().map(c -> new Column(c.getKey(), c.getValue())).toList());
    for (JsonNode row : rows) {
      List<@Nullable Object> cells = new ArrayList<>();
      columns.keySet().forEach(name -> cells.add(value(field(row, name))));
      writer.row(cells);
    }
  }

  /** In the order of their first appearance; true when every value is a number. */
  private static Map<String, Boolean> columns(List<JsonNode> rows) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    for (JsonNode row : rows) {
      if (row.isObject()) {
        row.properties()
            .forEach(field ->
                columns.merge(
                    field.getKey(),
                    field.getValue().isNumber() || field.getValue().isNull(),
                    Boolean::logicalAnd));
      } else {
        columns.merge("value", row.isNumber(), Boolean::logicalAnd);
      }
    }
    return columns;
  }

  private static @Nullable JsonNode field(JsonNode row, String name) {
    return row.isObject() ? row.get(name) : name.equals("value") ? row : null;
  }

  private static @Nullable Object value(@Nullable JsonNode node) {
    if (node == null || node.isNull()) {
      return null;
    }
    if (node.isNumber()) {
      return node.isIntegralNumber() ? node.bigIntegerValue() : node.decimalValue();
    }
    return node.isBoolean()
        ? (Object) node.booleanValue()
        : node.isTextual() ? node.textValue() : node.toString();
  }
}
