package io.parley.broker.agreements;

import io.parley.agreement.Agreement;
import io.parley.agreement.Party;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * Halting and resuming.
 *
 * <p>Guarantee: once {@link #halt} has returned, no key leaves under the agreement until every
 * party has asked to resume since the last halt. Thread-safe.
 */
public final class Halts {
  /** Longest reason, characters. */
  static final int REASON_LENGTH_MAX = 1000;

  private final Store store;
  private final AuditLog log;
  private final StorageLimits limits;
  private final OnHalt also;

  /** What a halt does besides, in the same transaction. */
  @FunctionalInterface
  public interface OnHalt {
    void halted(Handle write, Agreement agreement, String by);
  }

  public Halts(Store store, AuditLog log, StorageLimits limits, OnHalt also) {
    this.store = store;
    this.log = log;
    this.limits = limits;
    this.also = also;
  }

  /**
   * Halts, at once and whatever the state; halting again takes back what was asked to resume, and
   * has no effect when the party halted last and nobody has asked.
   *
   * @param reason for people
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, INVALID_REQUEST for a long reason
   */
  public StoredAgreement halt(Party party, Digest digest, String reason) {
    if (reason.length() > REASON_LENGTH_MAX) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the reason has %d characters; at most %d".formatted(reason.length(), REASON_LENGTH_MAX),
          Map.of("length", Integer.toString(reason.length())));
    }
    return store.write(write -> {
      StoredAgreement stored = AgreementRows.require(write, digest);
      stored.requireParty(party);
      if (party.name().equals(stored.haltedBy()) && stored.resumeAskedBy().isEmpty()) {
        return stored;
      }
      AgreementRows.halt(write, digest, party.name());
      also.halted(write, stored.agreement(), party.name());
      log.append(
          write,
          Decision.about(Action.HALT, party.name(), digest, reason.replaceAll("\\p{Cntrl}", " ")));
      return AgreementRows.require(write, digest);
    });
  }

  /**
   * Asks to resume; the last party's asking ends the halt. No effect when nothing is halted.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, KEYS_SHREDDED, TOO_MANY
   */
  public StoredAgreement resume(Party party, Digest digest) {
    return store.write(write -> {
      StoredAgreement stored = AgreementRows.require(write, digest);
      stored.requireParty(party);
      stored.requireNotShredded();
      if (stored.haltedBy() == null || stored.resumeAskedBy().contains(party.name())) {
        return stored;
      }
      limits.requireRoomInRecord(party);
      AgreementRows.askToResume(write, digest, party.name());
      boolean all =
          AgreementRows.require(write, digest).resumeAskedBy().size()
              == stored.agreement().parties().size();
      if (all) {
        AgreementRows.halt(write, digest, null);
      }
      log.append(
          write,
          Decision.about(
              Action.RESUME, party.name(), digest, all ? "all have asked" : "others must ask too"));
      return AgreementRows.require(write, digest);
    });
  }
}
