package io.parley.identity;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code host:port}, as membership lists and invitations carry it. */
final class Addresses {
  private static final Pattern ADDRESS =
      Pattern.compile("([A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]):([0-9]{1,5})");
  private static final int MAX_PORT = 65535;

  private Addresses() {}

  static boolean isAddress(String text) {
    Matcher matcher = ADDRESS.matcher(text);
    if (!matcher.matches()) {
      return false;
    }
    int port = Integer.parseInt(matcher.group(2));
    return port >= 1 && port <= MAX_PORT;
  }
}
