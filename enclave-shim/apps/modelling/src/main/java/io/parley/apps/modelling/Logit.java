package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import java.util.List;
import java.util.Map;

/**
 * The probability of a 0/1 target, by maximum likelihood: iteratively reweighted least squares
 * (McCullagh and Nelder, Generalized Linear Models, section 2.5), each step by {@link Triangle}.
 *
 * <p>Converged means that no row's linear predictor moves by more than {@value #TOLERANCE} any
 * more. Where a combination of the terms parts the zeros from the ones there is no finite estimate:
 * the deviance settles and the predictors run away, which is told as SEPARATION.
 */
public final class Logit {
  private static final double TOLERANCE = 1e-8;
  private static final double SETTLED = 1e-9;
  private static final int STEPS_MAX = 50;
  private static final int HALVINGS_MAX = 20;
  private static final double WEIGHT_MIN = 1e-12;

  private final Design design;
  private final List<Term> terms;
  private final boolean intercept;
  private final String target;
  private long rows;
  private long ones;

  private Logit(Design design, boolean intercept, String target) {
    this.design = design;
    this.terms = design.terms();
    this.intercept = intercept;
    this.target = target;
  }

  /**
   * @param coefficients one per term
   * @param stdErrors from the expected information
   * @param nullDeviance of the intercept alone; without one, of no term at all
   * @param steps until it converged
   */
  @SuppressWarnings("ArrayRecordComponent") // Stays within the app.
  public record Fitted(
      double[] coefficients,
      double[] stdErrors,
      double deviance,
      double nullDeviance,
      int steps,
      long rows) {
    /** The probability of a 1. */
    public double probability(double[] x) {
      return 1 / (1 + Math.exp(-predictor(coefficients, x)));
    }
  }

  /**
   * Fits.
   *
   * @param target what the target is called, for messages
   * @throws AppException WRONG_TYPE when the target is not 0 and 1, TOO_FEW_ROWS, COLLINEAR,
   *     SEPARATION, NOT_CONVERGED
   */
  public static Fitted fit(Design design, boolean intercept, String target) {
    return new Logit(design, intercept, target).fit();
  }

  private Fitted fit() {
    double[] at = new double[terms.size()];
    Step step = step(at);
    for (int steps = 1; steps <= STEPS_MAX; steps++) {
      double[] next = step.solution().coefficients();
      Step after = step(next);
      for (int i = 0; i < HALVINGS_MAX && !(after.deviance() <= step.deviance() + SETTLED); i++) {
        next = halfway(at, next);
        after = step(next);
      }
      double moved = moved(at, next);
      if (moved <= TOLERANCE) {
        return new Fitted(
            next, after.solution().norms(), after.deviance(), nullDeviance(), steps, rows);
      }
      if (ranAway(step, after)) {
        throw separation();
      }
      at = next;
      step = after;
    }
    throw new AppException(
        "NOT_CONVERGED",
        "the fit did not converge in %d steps; leave out terms, or scale them".formatted(STEPS_MAX),
        Map.of("steps", Integer.toString(STEPS_MAX)));
  }

  /** What the rows say at these coefficients: the deviance, and where the next step leads. */
  private record Step(double deviance, double widest, Triangle.Solution solution) {}

  private Step step(double[] at) {
    Triangle triangle = new Triangle(terms);
    double[] sums = new double[2];
    rows = 0;
    ones = 0;
    design.forEachRow((x, y, extras) -> {
      checkTarget(y);
      rows++;
      ones += (long) y;
      double eta = predictor(at, x);
      double p = 1 / (1 + Math.exp(-eta));
      double weight = Math.max(p * (1 - p), WEIGHT_MIN);
      // log1p keeps the digits where the probability is next to 1.
      sums[0] += 2 * softplus(y == 1 ? -eta : eta);
      sums[1] = Math.max(sums[1], Math.abs(eta));
      triangle.add(x, eta + (y - p) / weight, Math.sqrt(weight));
    });
    if (rows > 0 && (ones == 0 || ones == rows)) {
      throw separation();
    }
    return new Step(sums[0], sums[1], triangle.solve());
  }

  private void checkTarget(double y) {
    if (y != 0 && y != 1) {
      throw new AppException(
          "WRONG_TYPE",
          "the target '%s' holds other numbers than 0 and 1".formatted(target),
          Map.of("column", target));
    }
  }

  private double moved(double[] from, double[] to) {
    double[] most = new double[1];
    design.forEachRow((x, y, extras) ->
        most[0] = Math.max(most[0], Math.abs(predictor(from, x) - predictor(to, x))));
    return most[0];
  }

  /** The deviance has settled, or is none at all, while some predictor is far out and moves on. */
  private static boolean ranAway(Step before, Step after) {
    return after.widest() > 20
        && before.deviance() - after.deviance() <= 1e-6 * (after.deviance() + 1e-3);
  }

  private AppException separation() {
    return new AppException(
        "SEPARATION",
        "a combination of the terms parts the zeros of '%s' from its ones, so no finite estimate"
                .formatted(target)
            + " exists; leave out terms, or merge categories",
        Map.of("column", target));
  }

  private double nullDeviance() {
    if (!intercept) {
      return 2 * rows * Math.log(2);
    }
    double share = (double) ones / rows;
    return -2 * (ones * Math.log(share) + (rows - ones) * Math.log1p(-share));
  }

  private static double softplus(double value) {
    return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value));
  }

  private static double predictor(double[] coefficients, double[] x) {
    double sum = 0;
    for (int j = 0; j < x.length; j++) {
      sum += coefficients[j] * x[j];
    }
    return sum;
  }

  private static double[] halfway(double[] from, double[] to) {
    double[] half = new double[from.length];
    for (int j = 0; j < half.length; j++) {
      half[j] = (from[j] + to[j]) / 2;
    }
    return half;
  }
}
