package io.parley.agreement;

import java.util.Comparator;

/**
 * A verification gate: whose it is, and what has to pass it before that owner's rows are there.
 *
 * @param step of the agreement's chain; empty: its one app
 */
public record Gate(String owner, String step) implements Comparable<Gate> {
  private static final Comparator<Gate> ORDER =
      Comparator.comparing(Gate::owner).thenComparing(Gate::step);

  /** Before the one app of an agreement. */
  public static Gate ofApp(String owner) {
    return new Gate(owner, "");
  }

  /** Whether it is before one step, and not before a whole agreement. */
  public boolean ofStep() {
    return !step.isEmpty();
  }

  /** For people: "of hospital", "of hospital for step 'match'". */
  public String text() {
    return ofStep() ? "of %s for step '%s'".formatted(owner, step) : "of " + owner;
  }

  @Override
  public int compareTo(Gate other) {
    return ORDER.compare(this, other);
  }
}
