package io.parley.agreement;

import java.util.Locale;

/** How an agreement may be replaced. */
public enum ChangeRule {
  NEVER,
  UNANIMOUS;

  /** As YAML writes it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
