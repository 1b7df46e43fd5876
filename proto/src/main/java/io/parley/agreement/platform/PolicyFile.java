package io.parley.agreement.platform;

import java.util.Set;

/**
 * A policy from a file of its own.
 *
 * @param keys that are written in it; all others have their strict values
 */
public record PolicyFile(PlatformPolicy policy, Set<String> keys) {
  public PolicyFile {
    keys = Set.copyOf(keys);
  }
}
