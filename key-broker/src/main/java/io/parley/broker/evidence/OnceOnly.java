package io.parley.broker.evidence;

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
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What was given out under a random number, to come back once. In memory only.
 *
 * <p>Guarantee: each is taken back at most once, by the party that it was given to, and within its
 * time on the monotonic clock, so a changed wall clock lengthens nothing. After a restart every
 * number is unknown. Bounded per party and in all. Thread-safe.
 *
 * @param <T> what is given out
 */
public final class OnceOnly<T> {
  /** Length of a number. */
  public static final int NUMBER_BYTES = 32;

  private final String what;
  private final int perPartyMax;
  private final int totalMax;
  private final SecureRandom random;
  private final LongSupplier nanoTime;
  private final Duration validFor;
  private final Consumer<T> expired;
  // In the order they were given out, and so in the order they expire.
  private final LinkedHashMap<ByteString, Entry<T>> out = new LinkedHashMap<>();
  private final Map<String, Integer> perParty = new HashMap<>();

  /**
   * @param what for messages, such as "challenges"
   * @param nanoTime monotonic, as {@link System#nanoTime}
   * @param expired is told what nobody took back in time
   */
  public OnceOnly(
      String what,
      int perPartyMax,
      int totalMax,
      SecureRandom random,
      LongSupplier nanoTime,
      Duration validFor,
      Consumer<T> expired) {
    this.what = what;
    this.perPartyMax = perPartyMax;
    this.totalMax = totalMax;
    this.random = random;
    this.nanoTime = nanoTime;
    this.validFor = validFor;
    this.expired = expired;
  }

  /** How long each is good for. */
  public Duration validFor() {
    return validFor;
  }

  /**
   * Gives out.
   *
   * @return the number
   * @throws RefusedException TOO_MANY when the party, or all together, have too many out
   */
  public synchronized ByteString give(String party, T value) {
    long now = nanoTime.getAsLong();
    dropExpired(now);
    int mine = perParty.getOrDefault(party, 0);
    if (mine >= perPartyMax || out.size() >= totalMax) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has %d %s out, at most %d (%d for all parties); use them or wait %d s"
              .formatted(party, mine, what, perPartyMax, totalMax, validFor.toSeconds()),
          Map.of(
              "party",
              party,
              "out",
              Integer.toString(mine),
              "limit",
              Integer.toString(perPartyMax),
              "limited",
              what));
    }
    byte[] bytes = new byte[NUMBER_BYTES];
    random.nextBytes(bytes);
    ByteString number = ByteString.copyFrom(bytes);
    out.put(number, new Entry<>(value, party, now + validFor.toNanos()));
    perParty.put(party, mine + 1);
    return number;
  }

  /** Takes back, for good; empty when unknown, taken back, expired, or not the party's. */
  public synchronized Optional<T> take(ByteString number, String party) {
    dropExpired(nanoTime.getAsLong());
    Entry<T> entry = out.get(number);
    if (entry == null || !entry.party().equals(party)) {
      return Optional.empty();
    }
    out.remove(number);
    release(party);
    return Optional.of(entry.value());
  }

  private void dropExpired(long now) {
    Iterator<Entry<T>> oldestFirst = out.values().iterator();
    while (oldestFirst.hasNext()) {
      Entry<T> entry = oldestFirst.next();
      // Differences, because nanoTime may wrap.
      if (entry.expiresNanos() - now > 0) {
        return;
      }
      oldestFirst.remove();
      release(entry.party());
      expired.accept(entry.value());
    }
  }

  private void release(String party) {
    perParty.computeIfPresent(party, (name, count) -> count == 1 ? null : count - 1);
  }

  private record Entry<T>(T value, String party, long expiresNanos) {}
}
