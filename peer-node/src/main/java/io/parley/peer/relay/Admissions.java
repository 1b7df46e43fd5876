package io.parley.peer.relay;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * One-time tokens: each admits one connection, for one purpose, for a few seconds. A token is
 * forgotten when it is used, expires, or its job ends. Thread-safe.
 */
public final class Admissions {
  /** Length of a token. */
  public static final int TOKEN_BYTES = 32;

  private static final Duration VALID_FOR = Duration.ofSeconds(10);
  private static final int OPEN_MAX = 1024;

  /** Takes the admitted connection over. */
  @FunctionalInterface
  public interface Receiver {
    void accept(Descriptor connection);
  }

  /**
   * What a token admits to.
   *
   * @param from the party that may use it; the data port cannot tell, the relay can
   */
  public record Admission(String jobId, String from, Receiver receiver) {}

  private record Open(Admission admission, long expiresNanos) {}

  private final SecureRandom random;
  private final LongSupplier nanoTime;
  private final Map<ByteString, Open> open = new LinkedHashMap<>();

  /**
   * @param nanoTime a monotonic clock, in nanoseconds
   */
  public Admissions(SecureRandom random, LongSupplier nanoTime) {
    this.random = random;
    this.nanoTime = nanoTime;
  }

  /**
   * A fresh token.
   *
   * @throws RefusedException TOO_MANY when too many wait already
   */
  public synchronized ByteString admit(Admission admission) {
    long now = nanoTime.getAsLong();
    open.values().removeIf(entry -> entry.expiresNanos() - now <= 0);
    if (open.size() >= OPEN_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY, "%d connections are waited for already".formatted(OPEN_MAX));
    }
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    ByteString token = ByteString.copyFrom(bytes);
    open.put(token, new Open(admission, now + VALID_FOR.toNanos()));
    return token;
  }

  /** What this token admits to, once. */
  public synchronized Optional<Admission> redeem(ByteString token) {
    Open entry = open.remove(token);
    return entry == null || entry.expiresNanos() - nanoTime.getAsLong() <= 0
        ? Optional.empty()
        : Optional.of(entry.admission());
  }

  /** Forgets what waits for a job. */
  public synchronized void forget(String jobId) {
    open.values().removeIf(entry -> entry.admission().jobId().equals(jobId));
  }
}
