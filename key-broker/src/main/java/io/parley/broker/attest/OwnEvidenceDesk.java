package io.parley.broker.attest;

import com.google.protobuf.ByteString;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.identity.BrokerIdentity;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Answers who wants to know where this broker runs: about the asker's nonce and the very keys that
 * this process signs and serves with. Platforms answer one question at a time, so others wait, for
 * a few seconds at most. Thread-safe.
 */
public final class OwnEvidenceDesk {
  private static final Duration WAIT = Duration.ofSeconds(5);

  private final OwnPlatform platform;
  private final ByteString brokerKey;
  private final io.parley.wire.Digest tlsCertificate;
  private final Semaphore one = new Semaphore(1, true);

  public OwnEvidenceDesk(OwnPlatform platform, BrokerIdentity identity) {
    this.platform = platform;
    this.brokerKey = identity.signingKey().verifyingKey().value();
    this.tlsCertificate = identity.tls().leafSha256();
  }

  /**
   * Evidence for this nonce.
   *
   * @throws RefusedException INVALID_REQUEST for a nonce of another length; TOO_MANY when too many
   *     ask at once; BROKER_EVIDENCE_MISSING
   * @throws EnvironmentException when the machine gives none now
   */
  public BrokerEvidence about(ByteString nonce) {
    if (nonce.size() != BrokerStatement.NONCE_BYTES) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "nonce is %d bytes long; expected %d"
              .formatted(nonce.size(), BrokerStatement.NONCE_BYTES),
          Map.of("field", "nonce"));
    }
    try {
      if (!one.tryAcquire(WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new RefusedException(
            Reason.TOO_MANY, "the broker's platform is busy with other askers; ask again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.IO_FAILED, "interrupted while others asked");
    }
    try {
      return platform.about(new BrokerStatement(nonce, brokerKey, tlsCertificate));
    } finally {
      one.release();
    }
  }
}
