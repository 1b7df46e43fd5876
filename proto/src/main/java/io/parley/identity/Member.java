package io.parley.identity;

import io.parley.agreement.Party;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * A party in a consortium.
 *
 * @param ca every certificate of the party chains to it
 * @param address {@code host:port} of its peer node
 */
public record Member(Party party, CaCertificate ca, String address) {
  public Member {
    if (!Addresses.isAddress(address)) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "address '%s' of member '%s' must be host:port".formatted(address, party.name()),
          Map.of("party", party.name(), "address", address));
    }
  }

  /** The party's name. */
  public String name() {
    return party.name();
  }
}
