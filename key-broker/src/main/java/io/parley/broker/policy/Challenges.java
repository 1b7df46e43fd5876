package io.parley.broker.policy;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Nonces that are out, in memory only.
 *
 * <p>Guarantee: a nonce is redeemed at most once, by the party that it was given to, and within its
 * time on the monotonic clock, so a changed wall clock lengthens nothing. After a restart every
 * nonce is unknown: nothing is accepted twice, and enclaves ask for a new one. Thread-safe.
 */
public final class Challenges {
  /** Nonces that one party may have out. */
  static final int PER_PARTY_MAX = 1024;

  /** Nonces that may be out in all. */
  static final int TOTAL_MAX = 65_536;

  private final SecureRandom random;
  private final LongSupplier nanoTime;
  private final Duration validFor;
  // In the order they were given out, and so in the order they expire.
  private final LinkedHashMap<ByteString, Entry> out = new LinkedHashMap<>();
  private final Map<String, Integer> perParty = new HashMap<>();

  /**
   * @param nanoTime monotonic, as {@link System#nanoTime}
   */
  public Challenges(SecureRandom random, LongSupplier nanoTime, Duration validFor) {
    this.random = random;
    this.nanoTime = nanoTime;
    this.validFor = validFor;
  }

  /** How long a nonce is good for. */
  public Duration validFor() {
    return validFor;
  }

  /**
   * A fresh nonce for one request of this party's enclave of this job.
   *
   * @throws RefusedException TOO_MANY when the party, or all together, have too many out
   */
  public synchronized Challenge create(String jobId, String party) {
    long now = nanoTime.getAsLong();
    dropExpired(now);
    int mine = perParty.getOrDefault(party, 0);
    if (mine >= PER_PARTY_MAX || out.size() >= TOTAL_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has %d challenges out, at most %d (%d for all parties); use them or wait %d s"
              .formatted(party, mine, PER_PARTY_MAX, TOTAL_MAX, validFor.toSeconds()),
          Map.of(
              "party",
              party,
              "out",
              Integer.toString(mine),
              "limit",
              Integer.toString(PER_PARTY_MAX),
              "limited",
              "challenges"));
    }
    byte[] nonce = new byte[Challenge.NONCE_BYTES];
    random.nextBytes(nonce);
    Challenge challenge = new Challenge(ByteString.copyFrom(nonce), jobId, party);
    out.put(challenge.nonce(), new Entry(challenge, now + validFor.toNanos()));
    perParty.put(party, mine + 1);
    return challenge;
  }

  /**
   * The challenge of this nonce, which is used up by this; empty when unknown, used, expired, or
   * not the party's.
   */
  public synchronized Optional<Challenge> redeem(ByteString nonce, String party) {
    dropExpired(nanoTime.getAsLong());
    Entry entry = out.get(nonce);
    if (entry == null || !entry.challenge().party().equals(party)) {
      return Optional.empty();
    }
    out.remove(nonce);
    release(party);
    return Optional.of(entry.challenge());
  }

  private void dropExpired(long now) {
    Iterator<Entry> oldestFirst = out.values().iterator();
    while (oldestFirst.hasNext()) {
      Entry entry = oldestFirst.next();
      // Differences, because nanoTime may wrap.
      if (entry.expiresNanos() - now > 0) {
        return;
      }
      oldestFirst.remove();
      release(entry.challenge().party());
    }
  }

  private void release(String party) {
    perParty.computeIfPresent(party, (name, count) -> count == 1 ? null : count - 1);
  }

  private record Entry(Challenge challenge, long expiresNanos) {}
}
