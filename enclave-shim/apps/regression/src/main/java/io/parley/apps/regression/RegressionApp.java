package io.parley.apps.regression;

import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Fits a linear model by least squares over the inner join of all datasets of the job. Parameters:
 * see {@link Model}. The first result is the table of {@link Report}; a second one, if the
 * agreement names it, holds the model's figures as JSON.
 *
 * <p>Rows with a null in a column of the model are left out, and counted in the result.
 */
public final class RegressionApp implements App {
  private static final int MAX_RESULTS = 2;

  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new RegressionApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    if (job.results().isEmpty() || job.results().size() > MAX_RESULTS) {
      throw new AppException(
          "INVALID_RESULT",
          "the app regression writes one or two results; the agreement names %s"
              .formatted(job.results()),
          Map.of("results", job.results().toString()));
    }
    List<Dataset> datasets = List.copyOf(job.datasets());
    Model model = Model.of(job, datasets);
    int steps = datasets.size() + 1;
    List<Table> tables = new ArrayList<>();
    for (Dataset dataset : datasets) {
      job.progress(tables.size(), steps, "reading " + dataset.name());
      tables.add(Table.read(dataset, model));
    }
    job.progress(tables.size(), steps, "fitting");
    KeyJoin join = new KeyJoin(tables);
    Design design = Design.of(model, tables, join);
    LeastSquares squares = new LeastSquares(design.terms(), model.intercept());
    join.forEachMatch(design.into(squares));
    Fit fit = squares.fit(design.droppedRows());
    Report.write(fit, job.result(job.results().getFirst()));
    if (job.results().size() == MAX_RESULTS) {
      job.result(job.results().getLast()).json(Report.figures(fit));
    }
    job.progress(steps, steps, "done");
  }
}
