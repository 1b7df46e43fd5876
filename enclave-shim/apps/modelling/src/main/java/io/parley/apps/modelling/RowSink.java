package io.parley.apps.modelling;

/** Takes the rows of a design, one after the other. The arrays are reused. */
@FunctionalInterface
public interface RowSink {
  /**
   * @param x one number per term
   * @param y the target
   * @param extras one number per extra column, in their order
   */
  void add(double[] x, double y, double[] extras);
}
