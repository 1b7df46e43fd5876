package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import java.util.List;
import java.util.Map;

/**
 * The probability of a 0/1 target, by maximum likelihood: iteratively reweighted least squares
 * (McCullagh and Nelder, Generalized Linear Models, section 2.5), each step by {@link Triangle}.
 *
 * <p>Converged means that a whole step moves no row's linear predictor by more than {@value
 * #TOLERANCE}, or by more than this part of it. Where a combination of the terms parts the zeros
 * from the ones there is no finite estimate, which is told as SEPARATION: either every one is above
 * 0 and every zero below, or the deviance has settled and yet every step moves some rows on to
 * their own side by about as much as the one before, and the others ever less. That a predictor is
 * large says nothing: a row far out is certain, and its estimate may well exist.
 */
public final class Logit {
  private static final double TOLERANCE = 1e-8;
  private static final double SETTLED = 1e-9;

  /** Ones above 0 and zeros below by less than this may be there by rounding. */
  private static final double MARGIN = 1e-6;

  /** Steps in a row that part the zeros from the ones, until that is told. */
  private static final int PARTING_STEPS = 3;

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
    Move before = Move.NONE;
    int parting = 0;
    for (int steps = 1; steps <= STEPS_MAX; steps++) {
      double[] whole = step.solution().coefficients();
      double[] next = whole;
      Step after = step(next);
      for (int i = 0; i < HALVINGS_MAX && !(after.deviance() <= step.deviance() + SETTLED); i++) {
        next = halfway(at, next);
        after = step(next);
      }
      // Of the whole step: one that was cut to nothing has not arrived.
      Move move = move(at, whole);
      if (move.most() <= TOLERANCE) {
        return new Fitted(
            next, after.solution().norms(), after.deviance(), nullDeviance(), steps, rows);
      }
      parting = move.parts(before) && settled(step, after) ? parting + 1 : 0;
      if (parting == PARTING_STEPS) {
        throw separation();
      }
      at = next;
      step = after;
      before = move;
    }
    throw new AppException(
        "NOT_CONVERGED",
        "the fit did not converge in %d steps; leave out terms, or move and scale them to around 0"
            .formatted(STEPS_MAX),
        Map.of("steps", Integer.toString(STEPS_MAX)));
  }

  /** What the rows say at these coefficients: the deviance, and where the next step leads. */
  private record Step(double deviance, Triangle.Solution solution) {}

  /**
   * How a step moves the rows' linear predictors.
   *
   * @param most the largest move of a row, as a part of its predictor where that is above 1
   * @param onwards the largest move of a row to its own side
   * @param back the largest move to the other side
   * @param rounding what of a move may be rounding
   */
  private record Move(double most, double onwards, double back, double rounding) {
    static final Move NONE = new Move(0, 0, 0, 0);

    /**
     * Whether it leads on for ever: the rows that it parts move by about 1 a step, however far out
     * they are, and what that does to the others dwindles as the weight of those rows does. Where
     * others hold against it, be it a little, they are moved back by the same share each time.
     */
    boolean parts(Move before) {
      return onwards > 0.1
          && back < 1e-3
          && (back <= rounding || back * before.onwards < 0.7 * before.back * onwards);
    }
  }

  private Step step(double[] at) {
    Triangle triangle = new Triangle(terms);
    double[] deviance = new double[1];
    double[] margin = {Double.POSITIVE_INFINITY};
    rows = 0;
    ones = 0;
    design.forEachRow((x, y, extras) -> {
      checkTarget(y);
      rows++;
      ones += (long) y;
      double eta = predictor(at, x);
      boolean own = (eta > 0) == (y == 1);
      double odds = Math.exp(-Math.abs(eta));
      double weight = odds / ((1 + odds) * (1 + odds));
      // What is left to the target, over the weight. On the row's own side that needs no quotient
      // of two tiny numbers, and the weight may vanish; on the other side it must not.
      double left = 1 + odds;
      if (!own) {
        weight = Math.max(weight, WEIGHT_MIN);
        left = 1 / (1 + odds) / weight;
      }
      margin[0] = Math.min(margin[0], y == 1 ? eta : -eta);
      // log1p keeps the digits where the probability is next to 1.
      deviance[0] += 2 * softplus(y == 1 ? -eta : eta);
      triangle.add(x, y == 1 ? eta + left : eta - left, Math.sqrt(weight));
    });
    if (rows > 0 && (ones == 0 || ones == rows || margin[0] > MARGIN)) {
      throw separation();
    }
    return new Step(deviance[0], triangle.solve());
  }

  private void checkTarget(double y) {
    if (y != 0 && y != 1) {
      throw new AppException(
          "WRONG_TYPE",
          "the target '%s' holds other numbers than 0 and 1".formatted(target),
          Map.of("column", target));
    }
  }

  private Move move(double[] from, double[] to) {
    double[] most = new double[4];
    design.forEachRow((x, y, extras) -> {
      double before = predictor(from, x);
      double by = predictor(to, x) - before;
      double onwards = y == 1 ? by : -by;
      double size = 0;
      for (int j = 0; j < x.length; j++) {
        size += Math.abs(to[j] * x[j]);
      }
      most[0] = Math.max(most[0], Math.abs(by) / Math.max(1, Math.abs(before)));
      most[1] = Math.max(most[1], onwards);
      most[2] = Math.max(most[2], -onwards);
      most[3] = Math.max(most[3], 1e-14 * size);
    });
    return new Move(most[0], most[1], most[2], most[3]);
  }

  /** Whether the deviance falls by next to nothing any more, or is next to nothing itself. */
  private static boolean settled(Step before, Step after) {
    return before.deviance() - after.deviance() <= 1e-6 * (after.deviance() + 1e-3);
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
