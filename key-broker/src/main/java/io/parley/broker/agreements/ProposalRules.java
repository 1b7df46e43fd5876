package io.parley.broker.agreements;

import io.parley.agreement.Agreement;
import io.parley.agreement.Party;
import io.parley.identity.Membership;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Which agreements this broker serves: those that name its key, ask for evidence kinds that it was
 * told to accept, are not over yet, and name members with the keys that the membership list has.
 * Thread-safe.
 */
public final class ProposalRules {
  private final Digest brokerKey;
  private final Set<String> evidenceKinds;
  private final Supplier<Membership> membership;

  /**
   * @param brokerKey digest of this broker's public key
   * @param evidenceKinds what the broker's own configuration accepts
   */
  public ProposalRules(
      Digest brokerKey, Set<String> evidenceKinds, Supplier<Membership> membership) {
    this.brokerKey = brokerKey;
    this.evidenceKinds = Set.copyOf(evidenceKinds);
    this.membership = membership;
  }

  void check(Agreement agreement, Instant now) {
    if (!agreement.broker().equals(brokerKey)) {
      throw refusal(
          Reason.INVALID_AGREEMENT,
          "the agreement names broker key %s, this broker's is %s; draft it for this broker"
              .formatted(agreement.broker(), brokerKey),
          "broker");
    }
    for (String kind : agreement.environment().evidence()) {
      if (!evidenceKinds.contains(kind)) {
        throw refusal(
            Reason.EVIDENCE_KIND_NOT_ALLOWED,
            "the agreement accepts %s evidence, this broker accepts %s only; see evidence: in broker.yaml"
                .formatted(kind, evidenceKinds),
            "evidence");
      }
    }
    if (!now.isBefore(agreement.expires())) {
      throw refusal(
          Reason.AGREEMENT_EXPIRED,
          "the agreement expired at %s; give it a later date".formatted(agreement.expires()),
          "expires");
    }
    Membership current = membership.get();
    agreement.parties().forEach(party -> checkMember(current, party));
  }

  private static void checkMember(Membership current, Party party) {
    boolean same = current.members().stream().anyMatch(member -> member.party().equals(party));
    if (!same) {
      throw refusal(
          Reason.INVALID_AGREEMENT,
          ("party '%s' is no member, or has other keys in membership list %d than in the agreement;"
                  + " draft it again with the current list")
              .formatted(party.name(), current.version()),
          "parties");
    }
  }

  private static RefusedException refusal(Reason reason, String message, String field) {
    return new RefusedException(reason, message, Map.of("field", field));
  }
}
