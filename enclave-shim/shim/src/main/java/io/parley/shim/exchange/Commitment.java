package io.parley.shim.exchange;

import com.google.protobuf.ByteString;
import io.parley.seal.CommitmentCertificate;
import io.parley.seal.Fingerprints;
import io.parley.shim.Tasks;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.host.DatasetHandle;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The commitment to one of the party's own files: certified by an earlier enclave where the host
 * has kept that, else made here by hashing the file, on a thread of its own. What came as a
 * certificate can only be judged once the keys are there; without one the hashing starts at once,
 * while the enclave still waits for them. Thread-safe.
 */
final class Commitment {
  /**
   * @param fingerprints for passes, there before the certificate is
   * @param made whether it was made here, and not by an earlier enclave
   */
  private record Known(
      Fingerprints fingerprints, Future<CommitmentCertificate> certificate, boolean made) {}

  private final DatasetHandle handle;
  private final ArrowFile file;
  private final SecureRandom random;
  private @Nullable Known known;
  private boolean given;

  Commitment(DatasetHandle handle, ArrowFile file, SecureRandom random) {
    this.handle = handle;
    this.file = file;
    this.random = random;
    if (handle.certificate().isEmpty()) {
      known = made();
    }
  }

  /** Starts a pass over all of the file. */
  Pass start(Certificates certificates) {
    Known commitment = known(certificates);
    return new Pass(commitment, commitment.fingerprints().start(), certificates);
  }

  /** One pass; not thread-safe. */
  final class Pass {
    private final Known commitment;
    private final Fingerprints.Pass fingerprint;
    private final Certificates certificates;

    private Pass(Known commitment, Fingerprints.Pass fingerprint, Certificates certificates) {
      this.commitment = commitment;
      this.fingerprint = fingerprint;
      this.certificates = certificates;
    }

    void update(ByteBuffer piece) {
      fingerprint.update(piece);
    }

    /**
     * The commitment to the bytes that this pass saw; not before it has been made.
     *
     * @throws RefusedException INVALID_DATASET when it is to other bytes
     */
    Digest finish() {
      CommitmentCertificate certificate = Tasks.get(commitment.certificate());
      if (!certificate.matches(fingerprint)) {
        throw new RefusedException(
            Reason.INVALID_DATASET,
            "dataset '%s' changed %s"
                .formatted(
                    handle.dataset(),
                    commitment.made()
                        ? "while it was read"
                        : "since an earlier job committed to it"),
            Map.of("dataset", handle.dataset()));
      }
      if (commitment.made() && firstToGive()) {
        certificates.give(handle, certificate);
      }
      return certificate.commitment();
    }
  }

  private synchronized Known known(Certificates certificates) {
    Known so = known;
    if (so == null) {
      so = certificates.open(handle).map(Commitment::certified).orElseGet(this::made);
      known = so;
    }
    return so;
  }

  private static Known certified(CommitmentCertificate certificate) {
    return new Known(
        certificate.fingerprints(), CompletableFuture.completedFuture(certificate), false);
  }

  private Known made() {
    Fingerprints fingerprints = new Fingerprints(random);
    ByteString salt = handle.salt();
    return new Known(
        fingerprints, Tasks.start("commit", () -> commit(salt, file, fingerprints)), true);
  }

  private static CommitmentCertificate commit(
      ByteString salt, ArrowFile file, Fingerprints fingerprints) {
    Fingerprints.Pass pass = fingerprints.start();
    MessageDigest digest = Digest.newSha256();
    digest.update(salt.toByteArray());
    file.scan(piece -> {
      digest.update(piece.duplicate());
      pass.update(piece);
    });
    return new CommitmentCertificate(Digest.ofValue(digest.digest()), fingerprints, pass.finish());
  }

  private synchronized boolean firstToGive() {
    boolean first = !given;
    given = true;
    return first;
  }
}
