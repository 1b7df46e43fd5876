package io.parley.broker.policy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.OnceOnly;
import io.parley.broker.jobs.StoredJob;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
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

  /** The job that each is for. */
  private final OnceOnly<StoredJob> out;

  /**
   * @param nanoTime monotonic, as {@link System#nanoTime}
   */
  public Challenges(SecureRandom random, LongSupplier nanoTime, Duration validFor) {
    this.out =
        new OnceOnly<>(
            "challenges", PER_PARTY_MAX, TOTAL_MAX, random, nanoTime, validFor, job -> {});
  }

  /** How long a nonce is good for. */
  public Duration validFor() {
    return out.validFor();
  }

  /**
   * A fresh nonce for one request of this party's enclave of this job.
   *
   * @throws RefusedException TOO_MANY when the party, or all together, have too many out
   */
  public Challenge create(StoredJob job, String party) {
    return new Challenge(out.give(party, job), job, party);
  }

  /**
   * The challenge of this nonce, which is used up by this; empty when unknown, used, expired, or
   * not the party's.
   */
  public Optional<Challenge> redeem(ByteString nonce, String party) {
    return out.take(nonce, party).map(job -> new Challenge(nonce, job, party));
  }
}
