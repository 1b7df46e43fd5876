package io.parley.peer.store;

import io.parley.wire.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Sealed results on disk, as records. Thread-safe; what a call returned from is durable. */
public final class ResultStore {
  private final NodeDatabase database;

  public ResultStore(NodeDatabase database) {
    this.database = database;
  }

  /** Adds a result, or replaces what was known of it. */
  public void put(ResultRecord result) {
    database.run(handle -> {
      int unused =
          handle
              .createUpdate(
                  "INSERT OR REPLACE INTO result VALUES (:job, :name, :size, :sha256,"
                      + " :recipients, :file, :expires, :awaited)")
              .bind("job", result.jobId())
              .bind("name", result.name())
              .bind("size", result.sizeBytes())
              .bind("sha256", result.sha256().value().toByteArray())
              .bind("recipients", String.join(",", result.recipients()))
              .bind("file", result.file())
              .bind("expires", result.expires().toEpochMilli())
              .bind("awaited", String.join(",", result.awaited()))
              .execute();
    });
  }

  public List<ResultRecord> of(String jobId) {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM result WHERE job_id = :job ORDER BY name")
            .bind("job", jobId)
            .map((row, context) -> read(row))
            .list());
  }

  public Optional<ResultRecord> get(String jobId, String name) {
    return of(jobId).stream().filter(result -> result.name().equals(name)).findFirst();
  }

  /** Results whose file is here and should not be any more. */
  public List<ResultRecord> expired(Instant now) {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM result WHERE file <> '' AND expires <= :now")
            .bind("now", now.toEpochMilli())
            .map((row, context) -> read(row))
            .list());
  }

  /** Files that are known. */
  public List<String> files() {
    return database.call(handle ->
        handle.createQuery("SELECT file FROM result WHERE file <> ''").mapTo(String.class).list());
  }

  /** Forgets the results of a job that did not succeed. */
  public void removeAll(String jobId) {
    database.run(handle -> {
      int unused = handle.execute("DELETE FROM result WHERE job_id = ?", jobId);
    });
  }

  private static ResultRecord read(ResultSet row) throws SQLException {
    return new ResultRecord(
        row.getString("job_id"),
        row.getString("name"),
        row.getLong("size_bytes"),
        Digest.ofValue(row.getBytes("sha256")),
        names(row.getString("recipients")),
        row.getString("file"),
        Instant.ofEpochMilli(row.getLong("expires")),
        names(row.getString("awaited")));
  }

  private static List<String> names(String joined) {
    return joined.isEmpty() ? List.of() : List.of(joined.split(","));
  }
}
