package io.parley.peer.apps;

import io.parley.wire.Digest;
import java.nio.file.Path;

/**
 * An app that this node can start.
 *
 * @param digest of its manifest
 * @param folder its files; nobody changes them, and if somebody did, the enclave would notice
 * @param sizeBytes of all files
 * @param bundled whether it came with the distribution
 */
public record StoredApp(
    Digest digest, AppDescription description, Path folder, long sizeBytes, boolean bundled) {
  public String name() {
    return description.name();
  }
}
