package io.parley.demo;

import java.nio.file.Path;
import java.sql.Statement;

/** An agreement's query by plain DuckDB on the union of the files: what a job is compared with. */
final class PlainJoin {
  private PlainJoin() {}

  /** Usage: PlainJoin AGREEMENT.yaml RESULT.csv TABLE=FILE.parquet ... */
  public static void main(String[] args) throws Exception {
    try (Union union = Union.open(Path.of(args[0]), args, 2);
        Statement statement = union.connection().createStatement()) {
      statement.execute(
          "COPY (%s) TO %s (HEADER)".formatted(union.query(), Union.literal(args[1])));
    }
  }
}
