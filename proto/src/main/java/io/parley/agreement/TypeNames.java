package io.parley.agreement;

import io.parley.wire.Suggestions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which column type somebody may have meant. Stateless. */
final class TypeNames {
  // What other systems call our types.
  private static final Map<String, String> TYPE_SYNONYMS =
      Map.ofEntries(
          Map.entry("INT", "INTEGER"),
          Map.entry("INT2", "SMALLINT"),
          Map.entry("INT4", "INTEGER"),
          Map.entry("INT8", "BIGINT"),
          Map.entry("INT16", "SMALLINT"),
          Map.entry("INT32", "INTEGER"),
          Map.entry("INT64", "BIGINT"),
          Map.entry("LONG", "BIGINT"),
          Map.entry("STRING", "VARCHAR"),
          Map.entry("TEXT", "VARCHAR"),
          Map.entry("VARCHAR", "VARCHAR"),
          Map.entry("CHAR", "VARCHAR"),
          Map.entry("BOOL", "BOOLEAN"),
          Map.entry("REAL", "FLOAT"),
          Map.entry("FLOAT4", "FLOAT"),
          Map.entry("FLOAT8", "DOUBLE"),
          Map.entry("DOUBLE PRECISION", "DOUBLE"),
          Map.entry("NUMERIC", "DECIMAL(p,s)"),
          Map.entry("DECIMAL", "DECIMAL(p,s)"),
          Map.entry("DATETIME", "TIMESTAMP"));

  private TypeNames() {}

  /**
   * "; did you mean 'X'?", or "; expected one of ...".
   *
   * @param upper what came, in capitals
   */
  static String suggestion(String upper) {
    @Nullable String synonym = TYPE_SYNONYMS.get(upper.replaceFirst("\\(.*", "").strip());
    return synonym == null
        ? Suggestions.forName(upper, known())
        : "; did you mean '%s'?".formatted(synonym);
  }

  private static List<String> known() {
    return Stream.concat(
            Arrays.stream(ColumnType.Plain.values()).map(ColumnType::sql),
            Stream.of("DECIMAL(p,s)"))
        .collect(Collectors.toUnmodifiableList());
  }
}
