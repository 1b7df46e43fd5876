package io.parley.apps.regression;

import io.parley.apps.modelling.Design;
import io.parley.apps.modelling.Frame;
import io.parley.apps.modelling.Parameters;
import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.JobContext;
import java.util.List;
import java.util.Map;

/**
 * Fits a linear or a logistic model over the inner join of all datasets of the job. Parameters: see
 * {@link Model}. The first result is the table of {@link Report}; a second one, if the agreement
 * names it, holds the model's figures as JSON.
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
    Parameters parameters = Model.parameters(job);
    Model model = Model.of(job, parameters);
    int steps = parameters.datasets().size() + 1;
    Frame frame = Frame.read(job, parameters, model.sources());
    Design design =
        Design.of(frame, model.target(), model.features(), List.of(), model.intercept());
    Fit fit =
        switch (model.family()) {
          case LINEAR -> LeastSquares.fit(design, model.intercept());
          case LOGISTIC -> LogisticFit.fit(design, model.intercept(), model.target().term());
        };
    Report.write(fit, job.result(job.results().getFirst()));
    if (job.results().size() == MAX_RESULTS) {
      job.result(job.results().getLast()).json(Report.figures(fit));
    }
    job.progress(steps, steps, "done");
  }
}
