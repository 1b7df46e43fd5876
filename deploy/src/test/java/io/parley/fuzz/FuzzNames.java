package io.parley.fuzz;

/** Prints the names of all targets. */
final class FuzzNames {
  private FuzzNames() {}

  public static void main(String[] args) {
    FuzzTargets.all().keySet().forEach(System.out::println);
  }
}
