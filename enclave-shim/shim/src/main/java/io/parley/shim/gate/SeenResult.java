package io.parley.shim.gate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an app left as a result, as a table of texts. Columns have the same number of cells. */
record SeenResult(List<SeenColumn> columns) {
  SeenResult {
    columns = List.copyOf(columns);
  }

  /**
   * One column.
   *
   * @param cells in their one form; null for a null
   */
  record SeenColumn(String name, CellForm form, List<@Nullable String> cells) {
    SeenColumn {
      cells = Collections.unmodifiableList(new ArrayList<>(cells));
    }
  }

  List<String> names() {
    return columns.stream().map(SeenColumn::name).toList();
  }

  int rows() {
    return columns.isEmpty() ? 0 : columns.getFirst().cells().size();
  }
}
