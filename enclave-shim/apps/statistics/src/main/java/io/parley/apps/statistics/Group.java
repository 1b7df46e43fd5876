package io.parley.apps.statistics;

import io.parley.apps.modelling.Cell;
import java.util.ArrayList;
import java.util.List;

/** The rows of one group, taken in one by one. */
final class Group {
  private final List<Values> columns = new ArrayList<>();
  private final List<List<Correlation>> pairs = new ArrayList<>();
  private long rows;

  Group(int columnCount, boolean correlate) {
    for (int i = 0; i < columnCount; i++) {
      columns.add(new Values());
      List<Correlation> withLater = new ArrayList<>();
      for (int j = i + 1; correlate && j < columnCount; j++) {
        withLater.add(new Correlation());
      }
      pairs.add(withLater);
    }
  }

  void add(List<Cell> cells, int[] row) {
    rows++;
    for (int i = 0; i < cells.size(); i++) {
      if (cells.get(i).isNull(row)) {
        continue;
      }
      double x = cells.get(i).number(row);
      columns.get(i).add(x);
      for (int j = 0; j < pairs.get(i).size(); j++) {
        Cell other = cells.get(i + 1 + j);
        if (!other.isNull(row)) {
          pairs.get(i).get(j).add(x, other.number(row));
        }
      }
    }
  }

  long rows() {
    return rows;
  }

  Values column(int index) {
    return columns.get(index);
  }

  /** Of a column with each of those after it; none when correlations were not asked for. */
  List<Correlation> correlations(int index) {
    return pairs.get(index);
  }
}
