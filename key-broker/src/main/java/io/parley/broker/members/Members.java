package io.parley.broker.members;

import io.parley.agreement.DsseEnvelope;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.identity.VerifyingKey;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The consortium's signed membership lists, the newest of which callers are checked against.
 *
 * <p>Guarantee: only a list that follows the one before it and names this broker's key takes
 * effect, on disk first, then for the next handshake and the next call. Thread-safe.
 */
public final class Members {
  private final Store store;
  private final AuditLog log;
  private final VerifyingKey brokerKey;
  private volatile MembershipChain chain;

  /**
   * Starts from what is stored, extended by what the configured folder holds.
   *
   * @throws RefusedException MEMBERSHIP_OUTDATED or INVALID_MEMBERSHIP when the two do not fit
   *     together, or there is no list at all
   * @throws EnvironmentException STORE_FAILED when what is stored was damaged
   */
  public Members(Store store, AuditLog log, VerifyingKey brokerKey, List<DsseEnvelope> configured) {
    this.store = store;
    this.log = log;
    this.brokerKey = brokerKey;
    this.chain = store.write(write -> start(write, configured));
  }

  /** The newest list. */
  public Membership current() {
    return chain.current();
  }

  /** All lists, oldest first. */
  public List<DsseEnvelope> chain() {
    return chain.envelopes();
  }

  /**
   * Takes newer lists; those that are here already are skipped.
   *
   * @return the version that is current now
   * @throws RefusedException MEMBERSHIP_OUTDATED for a fork or a gap, INVALID_MEMBERSHIP
   */
  public synchronized long update(String party, List<DsseEnvelope> lists) {
    MembershipChain longer = chain.extend(lists);
    if (longer.envelopes().size() > chain.envelopes().size()) {
      requireOurs(longer.current());
      store.write(write -> {
        append(write, longer, chain.envelopes().size(), party);
        return longer;
      });
      chain = longer;
    }
    return longer.current().version();
  }

  private MembershipChain start(Handle write, List<DsseEnvelope> configured) {
    @Nullable MembershipChain stored = stored(write);
    MembershipChain start =
        stored == null ? MembershipChain.verify(configured) : stored.extend(configured);
    requireOurs(start.current());
    append(
        write,
        start,
        stored == null ? 0 : stored.envelopes().size(),
        start.current().broker().name());
    return start;
  }

  /** The lists of the database, which were verified when they were written; null: none yet. */
  private static @Nullable MembershipChain stored(Handle read) {
    try {
      List<DsseEnvelope> lists =
          read.createQuery("SELECT envelope FROM membership ORDER BY version")
              .map((row, context) -> DsseEnvelope.decode(Columns.bytes(row, "envelope")))
              .list();
      return lists.isEmpty() ? null : MembershipChain.verify(lists);
    } catch (RefusedException | BugException e) {
      throw new EnvironmentException(
          Reason.STORE_FAILED,
          "the broker's database is damaged: its membership lists are not as they were written: %s. It"
                  .formatted(e.getMessage())
              + " is not served; put back broker.db from a backup",
          Map.of(),
          e);
    }
  }

  private void append(Handle write, MembershipChain longer, int from, String party) {
    for (int index = from; index < longer.envelopes().size(); index++) {
      write
          .createUpdate("INSERT INTO membership (version, envelope) VALUES (:version, :envelope)")
          .bind("version", index + 1)
          .bind("envelope", longer.envelopes().get(index).encode().toByteArray())
          .execute();
    }
    if (longer.envelopes().size() > from) {
      Membership current = longer.current();
      log.append(
          write,
          Decision.about(
              Action.MEMBERSHIP,
              party,
              null,
              "",
              "version %d: %s".formatted(current.version(), String.join(", ", current.names()))));
    }
  }

  private void requireOurs(Membership list) {
    if (!list.broker().signingKey().equals(brokerKey)) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "membership list %d names broker key %s, this broker's is %s"
              .formatted(list.version(), list.broker().signingKey(), brokerKey),
          Map.of("version", Long.toString(list.version())));
    }
  }
}
