package io.parley.peer.cli.output;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One array of objects, one object a line. Numbers are written with all their digits; the numbers
 * that JSON does not know (NaN, Infinity) and dates are strings.
 */
final class JsonWriter implements RowWriter {
  private final PrintStream out;
  private final JsonGenerator json;
  private List<Column> columns = List.of();
  private boolean first = true;

  JsonWriter(PrintStream out) {
    this.out = out;
    this.json = generator(out);
  }

  /** One object, for an answer that is a thing and not a list. */
  static void object(PrintStream out, Map<String, ? extends @Nullable Object> fields) {
    try (JsonGenerator json = generator(out)) {
      write(json, fields);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    out.println();
    out.flush();
  }

  @Override
  public void begin(List<Column> columns) {
    this.columns = List.copyOf(columns);
    out.print("[");
  }

  @Override
  public void row(List<? extends @Nullable Object> cells) {
    out.print(first ? "\n" : ",\n");
    first = false;
    try {
      json.writeStartObject();
      for (int i = 0; i < columns.size(); i++) {
        json.writeFieldName(columns.get(i).name());
        value(json, cells.get(i));
      }
      json.writeEndObject();
      json.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    out.print(first ? "]\n" : "\n]\n");
    out.flush();
  }

  private static JsonGenerator generator(PrintStream out) {
    try {
      JsonGenerator json = new JsonFactory().createGenerator(out);
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);
      // Objects follow each other in an array whose brackets and commas are written around them.
      json.setRootValueSeparator(null);
      return json;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(JsonGenerator json, Map<?, ? extends @Nullable Object> fields)
      throws IOException {
    json.writeStartObject();
    for (Map.Entry<?, ? extends @Nullable Object> field : fields.entrySet()) {
      json.writeFieldName(String.valueOf(field.getKey()));
      value(json, field.getValue());
    }
    json.writeEndObject();
  }

  private static void value(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Boolean b -> json.writeBoolean(b);
      case BigDecimal d -> json.writeNumber(d);
      case BigInteger i -> json.writeNumber(i);
      case Double d when Double.isFinite(d) -> json.writeNumber(d.toString());
      case Float f when Float.isFinite(f) -> json.writeNumber(f.toString());
      case Long n -> json.writeNumber(n);
      case Integer n -> json.writeNumber(n);
      case Short n -> json.writeNumber(n);
      case Byte n -> json.writeNumber(n.intValue());
      case Map<?, ? extends @Nullable Object> map -> write(json, map);
      case Collection<? extends @Nullable Object> many -> {
        json.writeStartArray();
        for (Object one : many) {
          value(json, one);
        }
        json.writeEndArray();
      }
      default -> json.writeString(Cells.text(value));
    }
  }
}
