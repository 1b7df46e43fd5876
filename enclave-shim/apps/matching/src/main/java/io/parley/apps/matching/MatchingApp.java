package io.parley.apps.matching;

import io.parley.apps.modelling.Design;
import io.parley.apps.modelling.Frame;
import io.parley.apps.modelling.Logit;
import io.parley.apps.modelling.Parameters;
import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.JobContext;
import java.util.List;
import java.util.Map;

/**
 * Estimates the average effect of a treatment on the treated by propensity score matching over the
 * inner join of all datasets of the job: the score is a logit of the treatment on the covariates,
 * each treated unit is paired with its nearest control. Parameters: see {@link Plan}. The first
 * result is the table of {@link Report}; a second one, if the agreement names it, is the matched
 * sample, a row for each unit.
 *
 * <p>Rows with a null in a column of the plan are left out, and counted in the result.
 */
public final class MatchingApp implements App {
  private static final int MAX_RESULTS = 2;

  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new MatchingApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    if (job.results().isEmpty() || job.results().size() > MAX_RESULTS) {
      throw new AppException(
          "INVALID_RESULT",
          "the app matching writes one or two results; the agreement names %s"
              .formatted(job.results()),
          Map.of("results", job.results().toString()));
    }
    Parameters parameters = Plan.parameters(job);
    Plan plan = Plan.of(job, parameters);
    int steps = parameters.datasets().size() + 1;
    Frame frame = Frame.read(job, parameters, plan.sources());
    Design design = Design.of(frame, plan.treatment(), plan.covariates(), plan.extras(), true);
    Logit.Fitted score = Logit.fit(design, true, plan.treatment().term());
    Sample sample = Sample.of(design, score);
    List<Pair> pairs = NearestNeighbour.match(sample, plan);
    if (pairs.isEmpty()) {
      throw new AppException(
          "NO_PAIRS", "no treated unit has a control within caliper and exact columns");
    }
    Report report = new Report(sample, pairs, score.deviance(), design.droppedRows());
    report.write(job.result(job.results().getFirst()));
    if (job.results().size() == MAX_RESULTS) {
      MatchedSample.write(sample, pairs, plan, job.result(job.results().getLast()));
    }
    job.progress(steps, steps, "done");
  }
}
