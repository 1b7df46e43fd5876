package io.parley.identity;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * The key broker as members know it.
 *
 * @param signingKey signs grants and receipts
 * @param ca its server certificate chains to it
 * @param address {@code host:port}
 */
public record Broker(String name, VerifyingKey signingKey, CaCertificate ca, String address) {
  public Broker {
    if (!Names.isLabel(name)) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "broker's name '%s' must be lower-case letters, digits and hyphens".formatted(name),
          Map.of("name", name));
    }
    if (!Addresses.isAddress(address)) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "broker's address '%s' must be host:port".formatted(address),
          Map.of("address", address));
    }
  }

  /** How agreements name it: SHA-256 of its signing key. */
  public Digest digest() {
    return signingKey.digest();
  }
}
