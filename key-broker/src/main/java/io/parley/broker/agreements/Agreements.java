package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Agreements from proposal to activation.
 *
 * <p>Guarantee: only signatures that verify with the key that the agreement itself names are kept;
 * with the last one the agreement is ACTIVE, its keys exist and what it revises is SUPERSEDED, in
 * one transaction; so an agreement never has two revisions in force. Thread-safe.
 */
public final class Agreements {
  private final Store store;
  private final AuditLog log;
  private final DataKeys keys;
  private final ProposalRules rules;
  private final StorageLimits limits;
  private final InstantSource clock;

  public Agreements(
      Store store,
      AuditLog log,
      DataKeys keys,
      ProposalRules rules,
      StorageLimits limits,
      InstantSource clock) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.rules = rules;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Stores what the party proposes, with the signatures on it. The same bytes again answer with
   * what is there.
   *
   * @throws RefusedException when this broker must not serve the agreement ({@link ProposalRules}),
   *     or it may not replace its parent ({@link Revisions}); NOT_A_PARTY, INVALID_SIGNATURE,
   *     TOO_MANY
   */
  public StoredAgreement propose(Party party, SignedAgreement proposal, boolean validateOnly) {
    StoredAgreement.requireParty(proposal.agreement(), proposal.digest(), party);
    requireAllVerified(proposal);
    if (validateOnly) {
      Instant now = clock.instant();
      rules.check(proposal.agreement(), now);
      store.read(read -> {
        Revisions.check(read, proposal.agreement(), now);
        return now;
      });
      return AgreementViews.proposed(proposal, clock.instant());
    }
    return store.write(write -> {
      if (AgreementRows.find(write, proposal.digest()).isEmpty()) {
        insert(write, party, proposal);
      }
      for (DsseSignature signature : proposal.signatures()) {
        add(write, party.name(), signature.keyId(), signature.sig(), proposal.digest());
      }
      return AgreementRows.require(write, proposal.digest());
    });
  }

  /**
   * Adds the party's own signature.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, INVALID_SIGNATURE, AGREEMENT_HALTED,
   *     AGREEMENT_EXPIRED; when it may not replace its parent any more ({@link Revisions})
   */
  public StoredAgreement sign(Party party, Digest digest, DsseSignature signature) {
    return store.write(write -> {
      StoredAgreement stored = AgreementRows.require(write, digest);
      stored.requireParty(party);
      requireAllVerified(new SignedAgreement(stored.payload(), List.of(signature)));
      if (!signature.keyId().equals(party.name())) {
        throw wrongSignature(signature.keyId(), digest);
      }
      add(write, party.name(), party.name(), signature.sig(), digest);
      return AgreementRows.require(write, digest);
    });
  }

  /**
   * The agreement, for a party that it names.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY
   */
  public StoredAgreement get(Party party, Digest digest) {
    StoredAgreement stored = store.read(read -> AgreementRows.require(read, digest));
    stored.requireParty(party);
    return stored;
  }

  /** What the agreement still allows now. */
  public Allowance allowance(StoredAgreement stored) {
    return store.read(read -> Allowance.of(read, stored, clock.instant()));
  }

  /** Agreements that name the party, in the order they came, after this place in the list. */
  public Page list(Party party, long after, int limit) {
    List<AgreementRows.Numbered> rows =
        store.read(read -> AgreementRows.list(read, party, after, limit));
    long next = rows.size() < limit ? 0 : rows.getLast().number();
    return new Page(rows.stream().map(AgreementRows.Numbered::agreement).toList(), next);
  }

  private void insert(Handle write, Party party, SignedAgreement proposal) {
    Agreement agreement = proposal.agreement();
    Instant now = clock.instant();
    rules.check(agreement, now);
    Revisions.check(write, agreement, now);
    limits.requireRoomForProposal(party, AgreementRows.openProposals(write, party, now));
    limits.requireRoomInRecord(party);
    AgreementRows.insert(write, proposal, party, now);
    log.append(
        write,
        Decision.about(
            Action.PROPOSE,
            party.name(),
            proposal.digest(),
            "agreement '%s'".formatted(agreement.name())));
  }

  private void add(Handle write, String asker, String signer, ByteString signature, Digest digest) {
    StoredAgreement stored = AgreementRows.require(write, digest);
    if (stored.signatures().containsKey(signer)) {
      return;
    }
    Instant now = clock.instant();
    if (stored.state(now) != AgreementState.PROPOSED) {
      stored.requireActive(now);
    }
    Revisions.check(write, stored.agreement(), now);
    AgreementRows.sign(write, digest, signer, signature, now);
    log.append(
        write, Decision.about(Action.SIGN, asker, digest, "signature of %s".formatted(signer)));
    if (AgreementRows.require(write, digest).missing().isEmpty()) {
      activate(write, asker, stored, now);
    }
  }

  private void activate(Handle write, String asker, StoredAgreement stored, Instant now) {
    Digest digest = stored.digest();
    AgreementRows.activate(
        write, digest, keys.createForAgreement(write, digest, stored.agreement(), now), now);
    log.append(
        write, Decision.about(Action.ACTIVATE, asker, digest, "all have signed; keys exist"));
    @Nullable Digest parent = stored.agreement().terms().parent();
    if (parent != null) {
      AgreementRows.supersede(write, parent, digest);
      log.append(
          write,
          Decision.about(
              Action.SUPERSEDE, asker, parent, "its revision %s is active".formatted(digest)));
    }
  }

  private static void requireAllVerified(SignedAgreement signed) {
    Set<String> verified = new TreeSet<>(signed.signedBy());
    for (DsseSignature signature : signed.signatures()) {
      if (!verified.remove(signature.keyId())) {
        throw wrongSignature(signature.keyId(), signed.digest());
      }
    }
  }

  private static RefusedException wrongSignature(String signer, Digest digest) {
    return new RefusedException(
        Reason.INVALID_SIGNATURE,
        ("the signature of '%s' on agreement %s is missing, given twice, of another party, or not by"
                + " the signing key that the agreement names; sign these bytes with that party's key")
            .formatted(signer, digest),
        Map.of("signer", signer, "agreement", digest.toString()));
  }

  /**
   * Part of the list.
   *
   * @param next place to go on from; 0 at the end
   */
  public record Page(List<StoredAgreement> agreements, long next) {}
}
