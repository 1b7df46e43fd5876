package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.OnceOnly;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Credentials whose answers the broker waits for: each good once, for the job and party that it was
 * made for. Thread-safe.
 */
public final class Credentials {
  static final int PER_PARTY_MAX = 256;
  static final int TOTAL_MAX = 8192;

  private final OnceOnly<Out> out;

  private record Out(String jobId, CredentialActivation activation) {}

  /**
   * @param nanoTime monotonic, as {@link System#nanoTime}
   */
  public Credentials(SecureRandom random, LongSupplier nanoTime, Duration validFor) {
    this.out =
        new OnceOnly<>(
            "credentials",
            PER_PARTY_MAX,
            TOTAL_MAX,
            random,
            nanoTime,
            validFor,
            expired -> expired.activation().forget());
  }

  /** How long a credential is good for. */
  public Duration validFor() {
    return out.validFor();
  }

  /**
   * Keeps a credential until it is answered.
   *
   * @return the number that the answer has to come with
   * @throws RefusedException TOO_MANY when the party, or all together, have too many out
   */
  public ByteString keep(String jobId, String party, CredentialActivation activation) {
    return out.give(party, new Out(jobId, activation));
  }

  /** The credential of this number, used up by this; empty when it is none of this job's. */
  public Optional<CredentialActivation> take(ByteString id, String jobId, String party) {
    Optional<Out> taken = out.take(id, party);
    taken
        .filter(mine -> !mine.jobId().equals(jobId))
        .ifPresent(other -> other.activation().forget());
    return taken.filter(mine -> mine.jobId().equals(jobId)).map(Out::activation);
  }
}
