package io.parley.peer.store;

import io.parley.wire.Digest;
import java.time.Instant;
import java.util.List;

/**
 * A sealed result. Immutable.
 *
 * @param sha256 over the sealed file
 * @param file its name below the results folder; empty when this node does not hold it (any more)
 * @param expires when the file is deleted
 * @param awaited recipients that have not had it from this node yet, where each gets it once;
 *     empty: each gets it as often as it likes
 */
public record ResultRecord(
    String jobId,
    String name,
    long sizeBytes,
    Digest sha256,
    List<String> recipients,
    String file,
    Instant expires,
    List<String> awaited) {

  public ResultRecord {
    recipients = List.copyOf(recipients);
    awaited = List.copyOf(awaited);
  }

  /** The same, when this node does not hold the file any more. */
  public ResultRecord gone() {
    return new ResultRecord(jobId, name, sizeBytes, sha256, recipients, "", expires, awaited);
  }

  /** The same, with others awaited. */
  public ResultRecord awaiting(List<String> others) {
    return new ResultRecord(jobId, name, sizeBytes, sha256, recipients, file, expires, others);
  }

  /** The same, with another expiry. */
  public ResultRecord expiring(Instant when) {
    return new ResultRecord(jobId, name, sizeBytes, sha256, recipients, file, when, awaited);
  }
}
