package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The first line of a CSV file: names of columns, in file order. Immutable. */
record CsvHeader(List<String> names) {
  CsvHeader {
    names = List.copyOf(names);
  }

  static CsvHeader of(CsvRecords reader) {
    List<String> names = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < reader.fields(); i++) {
      String name = reader.text(i).strip();
      if (name.isEmpty()) {
        throw new DatasetProblem(
            reader.line(), "", "column %d of the header has no name".formatted(i + 1));
      }
      if (!seen.add(name)) {
        throw new DatasetProblem(reader.line(), name, "the header names this column twice");
      }
      names.add(name);
    }
    return new CsvHeader(names);
  }

  /** For each wanted column its place in the file; columns that nobody wants are left out. */
  int[] places(List<Column> wanted) {
    List<String> known = wanted.stream().map(Column::name).toList();
    List<String> missing = known.stream().filter(name -> !names.contains(name)).toList();
    if (!missing.isEmpty()) {
      List<String> extra = names.stream().filter(name -> !known.contains(name)).toList();
      throw new DatasetProblem(1, "", differences(missing, extra));
    }
    return wanted.stream().mapToInt(column -> names.indexOf(column.name())).toArray();
  }

  private static String differences(List<String> missing, List<String> extra) {
    StringBuilder text = new StringBuilder("the header has no ");
    for (int i = 0; i < missing.size(); i++) {
      text.append(i == 0 ? "" : ", no ")
          .append('\'')
          .append(missing.get(i))
          .append('\'')
          .append(
              Suggestions.hint(missing.get(i), extra).replace("; did", " (did").replace("?", "?)"));
    }
    if (!extra.isEmpty()) {
      text.append("; columns that nobody asked for: ").append(String.join(", ", extra));
    }
    return text.toString();
  }
}
