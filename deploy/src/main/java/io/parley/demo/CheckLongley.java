package io.parley.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares a regression result with NIST's certified values for Longley, 1e-9 relative. */
final class CheckLongley {
  private static final double TOLERANCE = 1e-9;

  /** Term, coefficient, standard error: NIST StRD, Longley. */
  private static final Map<String, double[]> CERTIFIED =
      Map.of(
          "(intercept)", new double[] {-3482258.63459582, 890420.383607373},
          "x1", new double[] {15.0618722713733, 84.9149257747669},
          "x2", new double[] {-0.0358191792925910, 0.0334910077722432},
          "x3", new double[] {-2.02022980381683, 0.488399681651699},
          "x4", new double[] {-1.03322686717359, 0.214274163161675},
          "x5", new double[] {-0.0511041056535807, 0.226073200069370},
          "x6", new double[] {1829.15146461355, 455.478499142212});

  private CheckLongley() {}

  /** Usage: CheckLongley RESULT.csv, with columns term, estimate, std_error among others. */
  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[0]));
    List<String> header = List.of(lines.getFirst().split(",", -1));
    int term = header.indexOf("term");
    int estimate = header.indexOf("estimate");
    int error = header.indexOf("std_error");
    Map<String, double[]> open = new HashMap<>(CERTIFIED);
    double worst = 0;
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      double[] certified = open.remove(cells[term]);
      if (certified != null) {
        worst = Math.max(worst, relative(Double.parseDouble(cells[estimate]), certified[0]));
        worst = Math.max(worst, relative(Double.parseDouble(cells[error]), certified[1]));
      }
    }
    // Not "worst > TOLERANCE": a NaN must fail too.
    if (!open.isEmpty() || !(worst <= TOLERANCE)) {
      System.err.printf("worst relative difference %.2e, missing terms %s%n", worst, open.keySet());
      System.exit(1);
    }
    System.out.printf(
        "7 coefficients and 7 standard errors: NIST's certified values, worst relative difference"
            + " %.1e%n",
        worst);
  }

  private static double relative(double came, double certified) {
    return Math.abs(came - certified) / Math.abs(certified);
  }
}
