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
 */
public record ResultRecord(
    String jobId,
    String name,
    long sizeBytes,
    Digest sha256,
    List<String> recipients,
    String file,
    Instant expires) {

  public ResultRecord {
    recipients = List.copyOf(recipients);
  }
}
