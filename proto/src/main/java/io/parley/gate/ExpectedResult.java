package io.parley.gate;

import java.util.List;

/**
 * What a result must be.
 *
 * @param result its name
 * @param json whether it is a JSON text: then the columns are {@value #PATH} and {@value #VALUE}
 * @param ordered whether its rows come in this order
 * @param columns in table order, all of the same number of cells
 * @param rows how many
 */
public record ExpectedResult(
    String result, boolean json, boolean ordered, List<ExpectedColumn> columns, int rows) {
  /** Where in a JSON text a value is: names after dots, places in brackets from 0. */
  public static final String PATH = "path";

  /** A JSON text's string, number, true, false or null; {@code {}} or {@code []} where empty. */
  public static final String VALUE = "value";

  public ExpectedResult {
    columns = List.copyOf(columns);
  }

  io.parley.proto.enclave.v1.ExpectedResult toMessage() {
    return io.parley.proto.enclave.v1.ExpectedResult.newBuilder()
        .setResult(result)
        .setJson(json)
        .setOrdered(ordered)
        .addAllColumns(columns.stream().map(ExpectedColumn::toMessage).toList())
        .setRows(rows)
        .build();
  }

  static ExpectedResult fromMessage(io.parley.proto.enclave.v1.ExpectedResult message) {
    return new ExpectedResult(
        message.getResult(),
        message.getJson(),
        message.getOrdered(),
        message.getColumnsList().stream().map(ExpectedColumn::fromMessage).toList(),
        message.getRows());
  }
}
