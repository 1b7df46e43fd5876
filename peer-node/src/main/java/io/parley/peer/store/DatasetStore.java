package io.parley.peer.store;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Datasets on disk, as records. Thread-safe; what a call returned from is durable. */
public final class DatasetStore {
  private final NodeDatabase database;

  public DatasetStore(NodeDatabase database) {
    this.database = database;
  }

  /** Adds or replaces; answers with what was there under this name before. */
  public @Nullable DatasetRecord put(DatasetRecord dataset) {
    return database
        .call(handle -> {
          Optional<DatasetRecord> before =
              handle
                  .createQuery("SELECT * FROM dataset WHERE name = :name")
                  .bind("name", dataset.name())
                  .map((row, context) -> read(row))
                  .findOne();
          int unused =
              handle
                  .createUpdate(
                      "INSERT OR REPLACE INTO dataset VALUES (:name, :columns, :rows, :size,"
                          + " :added, :salt, :commitment, :file)")
                  .bind("name", dataset.name())
                  .bind("columns", write(dataset.columns()))
                  .bind("rows", dataset.rows())
                  .bind("size", dataset.sizeBytes())
                  .bind("added", dataset.added().toEpochMilli())
                  .bind("salt", dataset.salt().toByteArray())
                  .bind("commitment", dataset.commitment().value().toByteArray())
                  .bind("file", dataset.file())
                  .execute();
          return before;
        })
        .orElse(null);
  }

  public Optional<DatasetRecord> get(String name) {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM dataset WHERE name = :name")
            .bind("name", name)
            .map((row, context) -> read(row))
            .findOne());
  }

  /** All, by name. */
  public List<DatasetRecord> list() {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM dataset ORDER BY name")
            .map((row, context) -> read(row))
            .list());
  }

  public void remove(String name) {
    database.run(handle -> {
      int unused = handle.execute("DELETE FROM dataset WHERE name = ?", name);
    });
  }

  private static byte[] write(List<Column> columns) {
    // Column names may hold anything: base64 keeps tabs and line ends out.
    return columns.stream()
        .map(column ->
            Base64.getEncoder().encodeToString(column.name().getBytes(StandardCharsets.UTF_8))
                + "\t"
                + column.type().sql()
                + "\t"
                + column.nullable())
        .collect(Collectors.joining("\n"))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static List<Column> columns(byte[] text) {
    List<Column> columns = new ArrayList<>();
    for (String line : new String(text, StandardCharsets.UTF_8).split("\n", -1)) {
      String[] parts = line.split("\t", -1);
      columns.add(
          new Column(
              new String(Base64.getDecoder().decode(parts[0]), StandardCharsets.UTF_8),
              ColumnType.parse(parts[1]),
              Boolean.parseBoolean(parts[2])));
    }
    return columns;
  }

  private static DatasetRecord read(ResultSet row) throws SQLException {
    return new DatasetRecord(
        row.getString("name"),
        columns(row.getBytes("columns")),
        row.getLong("row_count"),
        row.getLong("size_bytes"),
        Instant.ofEpochMilli(row.getLong("added")),
        ByteString.copyFrom(row.getBytes("salt")),
        Digest.ofValue(row.getBytes("commitment")),
        row.getString("file"));
  }
}
