package io.parley.broker.gates;

import io.parley.agreement.Gate;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.gate.GateLimits;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.VerificationSet;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/**
 * Verification sets in the hands of their owners.
 *
 * <p>Guarantee: a set that is taken was signed by its owner, fits its agreement, and is on disk,
 * sealed, before the answer; nobody but the owner learns of it. Thread-safe.
 */
public final class VerificationSets {
  /** Sets that an owner may ever add under one agreement. */
  static final int EVER_MAX = 256;

  private final Store store;
  private final AuditLog log;
  private final HpkeKeyPair key;
  private final StorageLimits limits;
  private final InstantSource clock;

  /**
   * @param key that sets are sealed to
   */
  public VerificationSets(
      Store store, AuditLog log, HpkeKeyPair key, StorageLimits limits, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.key = key;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Takes a set in. The same one again is not added twice.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, AGREEMENT_EXPIRED, KEYS_SHREDDED,
   *     INVALID_VERIFICATION_SET, INVALID_SIGNATURE, ALREADY_EXISTS for one that was removed,
   *     TOO_MANY
   */
  public ListedSet add(Party party, Digest agreement, SealedBytes sealed) {
    StoredAgreement stored = store.read(read -> owned(read, party, agreement));
    SignedVerificationSet opened = SignedVerificationSet.open(key, agreement, party.name(), sealed);
    VerificationSet set =
        opened.open(SignedAgreement.fromEnvelope(stored.envelope()), party.name());
    return store.write(write -> {
      requireOpen(owned(write, party, agreement));
      Optional<StoredSet> before = GateRows.find(write, agreement, party.name(), opened.digest());
      if (before.isEmpty()) {
        requireRoom(write, party, agreement, set.gate());
        Certificates.end(write, stored.agreement(), set.gate());
        GateRows.insert(
            write,
            new StoredSet(
                0,
                agreement,
                set.gate(),
                opened.digest(),
                set.name(),
                opened.set().size(),
                sealed.toMessage().toByteString(),
                clock.instant(),
                false));
        append(
            write, party, agreement, "a verification set was added", set.name(), opened.digest());
      } else if (before.get().removed()) {
        throw new RefusedException(
            Reason.ALREADY_EXISTS,
            "verification set %s was removed; make it anew".formatted(opened.digest()),
            Map.of("set", opened.digest().toString()));
      }
      return GateRows.listed(write, require(write, party, agreement, opened.digest()));
    });
  }

  /**
   * The party's own that may be drawn, in the order in which they were added.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY
   */
  public List<ListedSet> list(Party party, Digest agreement) {
    return store.read(read -> {
      AgreementRows.require(read, agreement).requireParty(party);
      return GateRows.sets(read, agreement, party.name()).stream()
          .filter(set -> !set.removed())
          .map(set -> GateRows.listed(read, set))
          .toList();
    });
  }

  /**
   * The certificates of the party's gates that count now.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY
   */
  public SortedMap<Gate, Certificate> certificates(Party party, Digest agreement) {
    return store.read(read -> {
      TreeMap<Gate, Certificate> own =
          new TreeMap<>(Certificates.valid(read, owned(read, party, agreement).agreement(), clock));
      own.keySet().removeIf(gate -> !gate.owner().equals(party.name()));
      return own;
    });
  }

  /**
   * A set is drawn no more. Again it has no effect.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, VERIFICATION_SET_NOT_FOUND, TOO_MANY
   */
  public ListedSet remove(Party party, Digest agreement, Digest digest) {
    return store.write(write -> {
      StoredAgreement stored = owned(write, party, agreement);
      StoredSet set = require(write, party, agreement, digest);
      if (!set.removed()) {
        limits.requireRoomInRecord(party);
        GateRows.remove(write, set, clock.instant());
        Certificates.end(write, stored.agreement(), set.gate());
        append(write, party, agreement, "a verification set was removed", set.name(), digest);
      }
      return GateRows.listed(write, set);
    });
  }

  private static StoredAgreement owned(Handle read, Party party, Digest agreement) {
    StoredAgreement stored = AgreementRows.require(read, agreement);
    stored.requireParty(party);
    return stored;
  }

  private void requireOpen(StoredAgreement stored) {
    stored.requireNotShredded();
    if (!clock.instant().isBefore(stored.agreement().expires())) {
      throw new RefusedException(
          Reason.AGREEMENT_EXPIRED,
          "agreement '%s' expired at %s; agree on a new one"
              .formatted(stored.agreement().name(), stored.agreement().expires()),
          Map.of("agreement", stored.digest().toString()));
    }
  }

  private void requireRoom(Handle write, Party party, Digest agreement, Gate gate) {
    List<StoredSet> all = GateRows.sets(write, agreement, party.name());
    List<StoredSet> live = all.stream().filter(set -> !set.removed()).toList();
    long ofGate = live.stream().filter(set -> set.gate().equals(gate)).count();
    if (ofGate >= GateLimits.SETS_MAX
        || live.size() >= GateLimits.SETS_OF_CHAIN_MAX
        || all.size() >= EVER_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has %d verification sets%s under this agreement, at most %d, %d in all, at most %d, and had %d, at most %d"
              .formatted(
                  party.name(),
                  ofGate,
                  gate.ofStep() ? " for step '%s'".formatted(gate.step()) : "",
                  GateLimits.SETS_MAX,
                  live.size(),
                  GateLimits.SETS_OF_CHAIN_MAX,
                  all.size(),
                  EVER_MAX),
          Map.of("party", party.name(), "limit", Integer.toString(GateLimits.SETS_MAX)));
    }
    limits.requireRoomInRecord(party);
  }

  private static StoredSet require(Handle read, Party party, Digest agreement, Digest digest) {
    return GateRows.find(read, agreement, party.name(), digest)
        .orElseThrow(() ->
            new RefusedException(
                Reason.VERIFICATION_SET_NOT_FOUND,
                "%s has no verification set %s under this agreement"
                    .formatted(party.name(), digest),
                Map.of("set", digest.toString())));
  }

  /** Which one it is, its owner alone may read in the log. */
  private void append(
      Handle write, Party party, Digest agreement, String detail, String name, Digest digest) {
    log.append(
        write,
        Decision.about(Action.GATE, party.name(), agreement, detail)
            .comparing(
                List.of(new Decision.Compared("verification set", name, digest.toString())),
                List.of(party.name())));
  }
}
