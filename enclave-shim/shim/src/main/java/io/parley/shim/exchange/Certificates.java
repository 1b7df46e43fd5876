package io.parley.shim.exchange;

import com.google.protobuf.ByteString;
import io.parley.seal.CommitmentCertificate;
import io.parley.shim.host.DatasetHandle;
import io.parley.shim.keys.JobKeys;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Opens certificates of commitments that the host has kept, and gives it new ones. The host gains
 * nothing by what it does with them: one that opens says the truth about the file that it was made
 * of, and every pass looks whether this is that file. Thread-safe.
 */
final class Certificates {
  private final Digest agreement;
  private final JobKeys keys;
  private final SecureRandom random;
  private final BiConsumer<String, ByteString> host;

  /**
   * @param agreement digest of the signed agreement's payload
   * @param host takes a dataset's name and its new certificate
   */
  Certificates(
      Digest agreement, JobKeys keys, SecureRandom random, BiConsumer<String, ByteString> host) {
    this.agreement = agreement;
    this.keys = keys;
    this.random = random;
    this.host = host;
  }

  /** The one that came with a dataset, when it is for this dataset and file. */
  Optional<CommitmentCertificate> open(DatasetHandle handle) {
    return CommitmentCertificate.open(
        handle.certificate(), keys.dataset(handle.dataset()), context(handle));
  }

  /** Gives a new one to the host. */
  void give(DatasetHandle handle, CommitmentCertificate certificate) {
    host.accept(
        handle.dataset(),
        certificate.seal(keys.dataset(handle.dataset()), context(handle), random));
  }

  private CommitmentCertificate.Context context(DatasetHandle handle) {
    return new CommitmentCertificate.Context(
        agreement, handle.dataset(), handle.salt(), handle.sizeBytes());
  }
}
