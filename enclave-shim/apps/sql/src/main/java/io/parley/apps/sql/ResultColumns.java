package io.parley.apps.sql;

import io.parley.sdk.AppException;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a result's columns can be: the types of agreements, and HUGEINT, which a sum of whole
 * numbers has and which leaves as DECIMAL(38, 0). Names must differ.
 */
final class ResultColumns {
  private static final Set<String> TYPES =
      Set.of(
          "BOOLEAN",
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "FLOAT",
          "DOUBLE",
          "VARCHAR",
          "DATE",
          "TIMESTAMP");

  /** What a column is called before DuckDB knows the type of a parameter. */
  private static final String UNKNOWN = "UNKNOWN";

  private ResultColumns() {}

  /** Names with types, when all is well. */
  static List<String> check(ResultSetMetaData columns, boolean bound) throws SQLException {
    Set<String> names = new TreeSet<>();
    List<String> columnsSeen = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      String name = columns.getColumnName(i);
      String type = columns.getColumnTypeName(i);
      if (!names.add(name)) {
        throw new AppException(
            "INVALID_QUERY",
            "two columns of the result are called '%s'; rename one with AS".formatted(name),
            Map.of("column", name));
      }
      columnsSeen.add(name + " " + type);
      boolean known = TYPES.contains(type) || type.startsWith("DECIMAL(");
      if (!known && (bound || !type.equals(UNKNOWN))) {
        throw new AppException(
            "INVALID_QUERY",
            "column '%s' of the result is %s, which a result cannot hold; CAST it to one of %s or DECIMAL"
                .formatted(name, type, new TreeSet<>(TYPES)),
            Map.of("column", name, "type", type));
      }
    }
    return columnsSeen;
  }
}
