package io.parley.identity;

import java.util.regex.Pattern;

/** What names of parties and of certificate holders may look like. */
public final class Names {
  /** Never a party's name: it stands for the broker in certificates. */
  public static final String BROKER = "broker";

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  private Names() {}

  /** Lower-case letters, digits and inner hyphens, at most 63. */
  public static boolean isLabel(String name) {
    return LABEL.matcher(name).matches();
  }

  /** A label that is not reserved. */
  public static boolean isParty(String name) {
    return isLabel(name) && !name.equals(BROKER);
  }
}
