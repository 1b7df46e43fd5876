package io.parley.demo;

import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Compares a joint result, row by row and in its order, with plain DuckDB on the union of the
 * parties' files. Exits 1 at the first difference.
 */
final class CompareUnion {
  private CompareUnion() {}

  /** Usage: CompareUnion AGREEMENT.yaml RESULT.csv TABLE=FILE.parquet ... */
  public static void main(String[] args) throws Exception {
    if (args.length < 3) {
      System.err.println("usage: CompareUnion AGREEMENT.yaml RESULT.csv TABLE=FILE.parquet ...");
      System.exit(2);
    }
    try (Union union = Union.open(Path.of(args[0]), args, 2);
        Statement statement = union.connection().createStatement()) {
      statement.execute("CREATE TABLE expected AS " + union.query());
      // The result is read with the expected types, so that 1.50 and 1.5 are one number.
      statement.execute("CREATE TABLE came AS SELECT * FROM expected LIMIT 0");
      statement.execute("COPY came FROM %s (HEADER, NULLSTR '')".formatted(Union.literal(args[1])));
      compare(statement);
    }
  }

  private static void compare(Statement statement) throws SQLException {
    long expected = number(statement, "SELECT count(*) FROM expected");
    long came = number(statement, "SELECT count(*) FROM came");
    long different =
        number(
            statement,
            "SELECT count(*) FROM (SELECT *, rowid AS place FROM expected) e"
                + " FULL JOIN (SELECT *, rowid AS place FROM came) c USING (place)"
                + " WHERE e IS DISTINCT FROM c");
    if (expected != came || different != 0) {
      System.err.printf(
          "expected %d rows as DuckDB gives on the union; came %d, of which %d differ%n",
          expected, came, different);
      System.exit(1);
    }
    System.out.printf("%d rows, each equal to DuckDB on the union of the files%n", came);
  }

  private static long number(Statement statement, String query) throws SQLException {
    try (var rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
