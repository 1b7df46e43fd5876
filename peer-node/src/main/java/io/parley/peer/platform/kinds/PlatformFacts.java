package io.parley.peer.platform.kinds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an agreement's authors need to know about a platform, by name, in the order in which it is
 * shown. Immutable.
 */
public record PlatformFacts(Map<String, String> values) {
  /** Fingerprint of the root certificate of an endorsement key. */
  public static final String ROOT = "root";

  public PlatformFacts {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
