package io.parley.peer.store;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.List;

/**
 * A dataset that the node holds. Immutable.
 *
 * @param salt 32 random bytes, so that nobody can guess rows from the commitment
 * @param commitment SHA-256(salt || Arrow file)
 * @param file the Arrow file's name below the datasets folder
 */
public record DatasetRecord(
    String name,
    List<Column> columns,
    long rows,
    long sizeBytes,
    Instant added,
    ByteString salt,
    Digest commitment,
    String file) {

  public DatasetRecord {
    columns = List.copyOf(columns);
  }

  @Override
  public String toString() {
    // Without the salt: whoever has it can test guesses of the rows against the commitment.
    return "dataset %s, %d rows, %s".formatted(name, rows, commitment);
  }
}
