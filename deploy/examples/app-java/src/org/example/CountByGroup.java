package org.example;

import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.Fields;
import io.parley.sdk.JobContext;
import io.parley.sdk.TableResult;
import java.util.Map;
import java.util.TreeMap;

/** Counts the rows of all datasets per value of the column that parameter {@code group} names. */
public final class CountByGroup implements App {
  private static final int GROUPS_MAX = 10_000;

  public static void main(String[] args) {
    AppMain.run(args, new CountByGroup());
  }

  @Override
  public void run(JobContext job) throws Exception {
    String column = job.parameter("group");
    Map<String, Long> counts = new TreeMap<>();
    for (var dataset : job.datasets()) {
      dataset.forEachRow(row -> {
        if (!row.isNull(column)) {
          counts.merge(row.getText(column), 1L, Long::sum);
        }
      });
    }
    if (counts.size() > GROUPS_MAX) {
      throw new AppException("INVALID_PARAMETER", "'" + column + "' is no column to group by");
    }
    var schema = Fields.schema(Fields.varchar("value"), Fields.bigint("rows"));
    try (TableResult table = job.result("counts").table(schema)) {
      for (var group : counts.entrySet()) {
        table.add(group.getKey(), group.getValue());
      }
    }
  }
}
