package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The part of a party's identity that its peer node needs, and no more: it can neither sign
 * agreements nor open results.
 *
 * @param tls the node's certificate and key
 * @param platformKey signs simulated evidence
 * @param witnessKey cosigns checkpoints of the broker's log
 */
public record NodeIdentity(TlsIdentity tls, SigningKey platformKey, SigningKey witnessKey) {
  public NodeIdentity {
    if (tls.caller().role() != Role.NODE) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "certificate of %s is not a node's".formatted(tls.caller()),
          Map.of("caller", tls.caller().toString()));
    }
  }

  /**
   * From an identity folder, of which node.crt, node.key, platform.key and witness.key are read.
   */
  public static NodeIdentity load(Path folder) {
    return new NodeIdentity(
        TlsIdentity.load(
            folder.resolve(PartyIdentity.NODE_CERTIFICATE), folder.resolve(PartyIdentity.NODE_KEY)),
        KeyFiles.loadSigning(folder.resolve(PartyIdentity.PLATFORM_KEY)),
        KeyFiles.loadSigning(folder.resolve(PartyIdentity.WITNESS_KEY)));
  }

  /** The party's name. */
  public String party() {
    return tls.caller().party();
  }
}
