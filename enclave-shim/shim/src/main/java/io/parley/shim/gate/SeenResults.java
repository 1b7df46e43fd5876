package io.parley.shim.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.gate.ExpectedResult;
import io.parley.shim.arrow.ArrowCells;
import io.parley.shim.gate.GateSubject.Left;
import io.parley.shim.gate.SeenResult.SeenColumn;
import io.parley.shim.json.JsonReader;
import io.parley.shim.json.JsonToken;
import io.parley.shim.release.ResultFormat;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a result as a table, all of it: results of verification data are small, and a larger one is
 * another than expected. The app that wrote it is not trusted.
 */
final class SeenResults {
  /** More than any expected result that fits a verification set takes. */
  static final long FILE_BYTES_MAX = 8L << 20;

  private SeenResults() {}

  /**
   * The table.
   *
   * @throws RefusedException OUTPUT_RULE or INVALID_DATASET when there is none in it
   */
  static SeenResult read(Left output) throws IOException {
    if (Files.size(output.file()) > FILE_BYTES_MAX) {
      throw new RefusedException(
          Reason.OUTPUT_RULE, "has a file of more than %d bytes".formatted(FILE_BYTES_MAX));
    }
    return switch (output.format()) {
      case ARROW ->
          new SeenResult(
              ArrowCells.read(output.file()).stream()
                  .map(column ->
                      new SeenColumn(
                          column.name(),
                          CellForm.of(column.type()),
                          column.cells().stream().<@Nullable String>map(CellForm::text).toList()))
                  .toList());
      case CSV -> csv(output.file());
      case JSON -> json(output.file());
    };
  }

  private static SeenResult csv(Path file) throws IOException {
    List<List<String>> records = CsvText.records(new String(Files.readAllBytes(file), UTF_8));
    if (records.isEmpty()) {
      throw new RefusedException(Reason.OUTPUT_RULE, "is an empty file");
    }
    List<String> header = records.removeFirst();
    if (new HashSet<>(header).size() < header.size()) {
      throw new RefusedException(Reason.OUTPUT_RULE, "has two columns of the same name");
    }
    for (List<String> record : records) {
      if (record.size() != header.size()) {
        throw new RefusedException(
            Reason.OUTPUT_RULE, "has a row with another number of fields than its header");
      }
    }
    List<SeenColumn> columns = new ArrayList<>();
    for (int i = 0; i < header.size(); i++) {
      List<@Nullable String> cells = new ArrayList<>();
      for (List<String> record : records) {
        cells.add(record.get(i));
      }
      columns.add(new SeenColumn(header.get(i), CellForm.CSV, cells));
    }
    return new SeenResult(columns);
  }

  private static SeenResult json(Path file) throws IOException {
    List<@Nullable String> paths = new ArrayList<>();
    List<@Nullable String> values = new ArrayList<>();
    try (var in = new BufferedInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS))) {
      new Flattening(new JsonReader(in), paths, values).run();
    }
    return new SeenResult(
        List.of(
            new SeenColumn(ExpectedResult.PATH, CellForm.TEXT, paths),
            new SeenColumn(ExpectedResult.VALUE, CellForm.JSON, values)));
  }

  /** Whether what was left is of the kind that was expected. */
  static boolean sameKind(Left output, ExpectedResult expected) {
    return (output.format() == ResultFormat.JSON) == expected.json();
  }

  /** Every value of a JSON text with its place. */
  private static final class Flattening {
    private final JsonReader json;
    private final List<@Nullable String> paths;
    private final List<@Nullable String> values;

    Flattening(JsonReader json, List<@Nullable String> paths, List<@Nullable String> values) {
      this.json = json;
      this.paths = paths;
      this.values = values;
    }

    void run() throws IOException {
      value(json.next(), "$");
      if (json.next() != JsonToken.END) {
        throw new RefusedException(Reason.OUTPUT_RULE, "is not one JSON value");
      }
    }

    /** As deep as the reader reads. */
    private void value(JsonToken token, String path) throws IOException {
      switch (token) {
        case BEGIN_OBJECT -> object(path);
        case BEGIN_ARRAY -> array(path);
        case STRING -> add(path, '"' + json.text() + '"');
        case NUMBER -> add(path, CellForm.JSON.canonical(json.text()));
        case TRUE -> add(path, "true");
        case FALSE -> add(path, "false");
        case NULL -> add(path, null);
        case END_OBJECT, END_ARRAY, NAME, END ->
            throw new RefusedException(Reason.OUTPUT_RULE, "is not one JSON value");
      }
    }

    private void object(String path) throws IOException {
      int before = paths.size();
      for (JsonToken token = json.next(); token != JsonToken.END_OBJECT; token = json.next()) {
        String member = path + "." + json.text();
        value(json.next(), member);
      }
      if (paths.size() == before) {
        add(path, "{}");
      }
    }

    private void array(String path) throws IOException {
      int before = paths.size();
      int place = 0;
      for (JsonToken token = json.next(); token != JsonToken.END_ARRAY; token = json.next()) {
        value(token, "%s[%d]".formatted(path, place++));
      }
      if (paths.size() == before) {
        add(path, "[]");
      }
    }

    private void add(String path, @Nullable String value) {
      paths.add(path);
      values.add(value);
    }
  }
}
