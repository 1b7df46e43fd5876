package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * Who is at the other end of a channel, as a certificate says it.
 *
 * @param party the party's name; {@link Names#BROKER} for the broker
 * @param name of the node, person or program
 */
public record Caller(String party, Role role, String name) {
  private static final String SCHEME = "parley:";

  public Caller {
    boolean partyFits = role == Role.BROKER ? party.equals(Names.BROKER) : Names.isParty(party);
    if (!partyFits || !Names.isLabel(name)) {
      throw refused(party + "/" + role.text() + "/" + name);
    }
  }

  /** The broker of this name. */
  public static Caller broker(String name) {
    return new Caller(Names.BROKER, Role.BROKER, name);
  }

  /** {@code parley:PARTY/ROLE/NAME}, or {@code parley:broker/NAME}. */
  public String uri() {
    return SCHEME + this;
  }

  /**
   * The reverse of {@link #uri}.
   *
   * @throws RefusedException UNAUTHENTICATED when it is none
   */
  public static Caller parse(String uri) {
    if (!uri.startsWith(SCHEME) || uri.length() > 256) {
      throw refused(uri);
    }
    String[] parts = uri.substring(SCHEME.length()).split("/", -1);
    if (parts.length == 2 && parts[0].equals(Names.BROKER)) {
      return broker(parts[1]);
    }
    if (parts.length == 3) {
      for (Role role : Role.values()) {
        if (role != Role.BROKER && role.text().equals(parts[1])) {
          return new Caller(parts[0], role, parts[2]);
        }
      }
    }
    throw refused(uri);
  }

  private static RefusedException refused(String text) {
    String shown = text.length() > 256 ? text.substring(0, 256) : text;
    return new RefusedException(
        Reason.UNAUTHENTICATED,
        "'%s' names no caller; expected parley:PARTY/node|analyst|operator|enclave/NAME or parley:broker/NAME"
            .formatted(shown),
        Map.of("name", shown));
  }

  /** {@code PARTY/ROLE/NAME}, or {@code broker/NAME}. */
  @Override
  public String toString() {
    return role == Role.BROKER ? party + "/" + name : party + "/" + role.text() + "/" + name;
  }
}
