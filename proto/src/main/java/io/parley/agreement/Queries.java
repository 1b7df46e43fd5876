package io.parley.agreement;

import java.util.Locale;

/** Who writes the query of the app {@code sql}. */
public enum Queries {
  /** The agreement: its fixed parameter {@code query}. */
  FIXED,
  /** The job, within what the datasets' {@link Usage} grants. */
  WITHIN_RULES;

  /** The parameter that holds it. */
  public static final String PARAMETER = "query";

  /** As an agreement writes it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
