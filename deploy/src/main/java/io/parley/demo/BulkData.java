package io.parley.demo;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A wide table of random doubles, to time nothing but its way. */
final class BulkData {
  private static final int COLUMNS = 8;

  private BulkData() {}

  /** Usage: BulkData FILE.parquet ROWS; the rows have {@value #COLUMNS} columns of 8 bytes. */
  public static void main(String[] args) throws Exception {
    String columns =
        IntStream.range(0, COLUMNS)
            .mapToObj(i -> "random() AS c" + i)
            .collect(Collectors.joining(", "));
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "COPY (SELECT %s FROM range(%d)) TO '%s' (FORMAT parquet)"
              .formatted(columns, Long.parseLong(args[1]), args[0].replace("'", "''")));
    }
  }
}
