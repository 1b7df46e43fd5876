package io.parley.gate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A column of an expected result.
 *
 * @param cells as text, one for each row; null for a null
 */
public record ExpectedColumn(String name, Tolerance tolerance, List<@Nullable String> cells) {
  public ExpectedColumn {
    cells = Collections.unmodifiableList(new ArrayList<>(cells));
  }

  /** As the constructor, whose class file does not say that cells may be null. */
  public static ExpectedColumn of(String name, Tolerance tolerance, List<@Nullable String> cells) {
    return new ExpectedColumn(name, tolerance, cells);
  }

  io.parley.proto.enclave.v1.ExpectedColumn toMessage() {
    var message = io.parley.proto.enclave.v1.ExpectedColumn.newBuilder().setName(name);
    for (int row = 0; row < cells.size(); row++) {
      @Nullable String cell = cells.get(row);
      message.addCells(cell == null ? "" : cell);
      if (cell == null) {
        message.addNulls(row);
      }
    }
    if (!tolerance.isExact()) {
      message.setTolerance(
          io.parley.proto.enclave.v1.Tolerance.newBuilder()
              .setAbsolute(tolerance.absolute())
              .setRelative(tolerance.relative()));
    }
    return message.build();
  }

  static ExpectedColumn fromMessage(io.parley.proto.enclave.v1.ExpectedColumn message) {
    List<@Nullable String> cells = new ArrayList<>(message.getCellsList());
    for (int row : message.getNullsList()) {
      if (row < 0 || row >= cells.size()) {
        throw new IllegalArgumentException("a null is in a row that is not there");
      }
      cells.set(row, null);
    }
    Tolerance tolerance =
        new Tolerance(message.getTolerance().getAbsolute(), message.getTolerance().getRelative());
    return new ExpectedColumn(message.getName(), tolerance, cells);
  }
}
