package io.parley.apps.matching;

import io.parley.apps.modelling.Parameters;
import io.parley.apps.modelling.Source;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What to match, from the parameters of a job.
 *
 * @param treatment {@code treatment}: a column of 0 and 1, or a boolean
 * @param outcome {@code outcome}: a column of numbers
 * @param covariates {@code covariates}, with commas between: what the score is made of
 * @param exact {@code exact}, with commas between: columns that must be equal within a pair
 * @param replace {@code replace}: whether a control may be matched more than once; {@code false} by
 *     default
 * @param caliper {@code caliper}: how far apart the scores of a pair may be, in standard deviations
 *     of the score over all units; infinite when it is not there
 * @param order {@code order}: which treated units choose first
 */
record Plan(
    Source treatment,
    Source outcome,
    List<Source> covariates,
    List<Source> exact,
    boolean replace,
    double caliper,
    Order order) {
  private static final Set<String> PARAMETERS =
      Set.of("treatment", "outcome", "covariates", "on", "exact", "replace", "caliper", "order");

  /** Which treated units choose first; units of one score go in the order of the rows. */
  enum Order {
    /** Those with the largest score, which have the fewest controls like them. */
    LARGEST,
    SMALLEST,
    /** The order of the rows. */
    DATA
  }

  Plan {
    covariates = List.copyOf(covariates);
    exact = List.copyOf(exact);
  }

  static Parameters parameters(JobContext job) {
    return new Parameters(job, PARAMETERS);
  }

  static Plan of(JobContext job, Parameters parameters) {
    Source treatment = parameters.column("treatment");
    Source outcome = parameters.column("outcome");
    // That it must be there is said by the job.
    String unused = job.parameter("covariates");
    List<Source> covariates = parameters.columns("covariates");
    if (covariates.contains(treatment) || covariates.contains(outcome)) {
      throw Parameters.invalid(
          "covariates", "neither the treatment nor the outcome may be a covariate");
    }
    if (treatment.equals(outcome)) {
      throw Parameters.invalid("outcome", "the outcome is the treatment");
    }
    return new Plan(
        treatment,
        outcome,
        covariates,
        parameters.columns("exact"),
        parameters.flag("replace", false),
        job.optionalParameter("caliper").map(Plan::caliper).orElse(Double.POSITIVE_INFINITY),
        Order.valueOf(
            parameters
                .choice("order", "largest", "largest", "smallest", "data")
                .toUpperCase(Locale.ROOT)));
  }

  /** Every column that is needed. */
  List<Source> sources() {
    List<Source> sources = new ArrayList<>(covariates);
    sources.add(treatment);
    sources.add(outcome);
    sources.addAll(exact);
    return sources;
  }

  /** The columns that go along with each row and are no terms of the score: outcome, then exact. */
  List<Source> extras() {
    List<Source> extras = new ArrayList<>(List.of(outcome));
    extras.addAll(exact);
    return extras;
  }

  private static double caliper(String text) {
    try {
      double caliper = Double.parseDouble(text.strip());
      if (caliper > 0 && Double.isFinite(caliper)) {
        return caliper;
      }
    } catch (NumberFormatException e) {
      throw notPositive(text);
    }
    throw notPositive(text);
  }

  private static RuntimeException notPositive(String text) {
    return Parameters.invalid(
        "caliper", "caliper is '%s'; expected a number above 0, such as 0.2".formatted(text));
  }
}
