package io.parley.apps.statistics;

import io.parley.apps.modelling.Cell;
import io.parley.apps.modelling.Frame;
import io.parley.apps.modelling.Parameters;
import io.parley.apps.modelling.Source;
import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.JobContext;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Describes columns over the inner join of all datasets of the job, in all or by group. Parameters:
 * see {@link Plan}; the one result is the table of {@link Report}.
 */
public final class StatisticsApp implements App {
  private static final int MAX_GROUPS = 10_000;

  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new StatisticsApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    if (job.results().size() != 1) {
      throw new AppException(
          "INVALID_RESULT",
          "the app statistics writes one result; the agreement names %s".formatted(job.results()),
          Map.of("results", job.results().toString()));
    }
    Parameters parameters = Plan.parameters(job);
    Plan plan = Plan.of(job, parameters);
    Frame frame = Frame.read(job, parameters, plan.sources());
    List<Cell> cells = plan.columns().stream().map(source -> cell(frame, source)).toList();
    SortedMap<String, Group> groups = groups(frame, plan, cells);
    Report.write(plan, groups, job.result(job.results().getFirst()));
    job.progress(1, 1, "done");
  }

  private static SortedMap<String, Group> groups(Frame frame, Plan plan, List<Cell> cells) {
    SortedMap<String, Group> groups = new TreeMap<>();
    @Nullable Source source = plan.by();
    @Nullable Cell by = source == null ? null : Cell.of(frame, source);
    if (by == null) {
      groups.put("", new Group(cells.size(), plan.correlation()));
    }
    frame.forEachMatch(row -> {
      if (by != null && by.isNull(row)) {
        return;
      }
      String name = by == null ? "" : by.text(row);
      Group group = groups.get(name);
      if (group == null) {
        if (groups.size() == MAX_GROUPS) {
          throw new AppException(
              "INVALID_PARAMETER",
              "the column of 'by' has more than %d values; it is no group".formatted(MAX_GROUPS),
              Map.of("parameter", "by"));
        }
        group = new Group(cells.size(), plan.correlation());
        groups.put(name, group);
      }
      group.add(cells, row);
    });
    return groups;
  }

  private static Cell cell(Frame frame, Source source) {
    Cell cell = Cell.of(frame, source);
    if (cell.isText()) {
      throw new AppException(
          "WRONG_TYPE",
          "column '%s' holds text; name columns of numbers, and text in 'by'"
              .formatted(source.term()),
          Map.of("column", source.term()));
    }
    return cell;
  }
}
