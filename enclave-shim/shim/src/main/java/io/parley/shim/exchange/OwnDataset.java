package io.parley.shim.exchange;

import io.parley.agreement.Dataset;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.BatchSink;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.shim.host.DatasetHandle;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.MessageDigest;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of the party's own datasets, opened by its host. Each {@link #read} is a pass of its own;
 * passes that see different bytes are an error. Thread-safe.
 */
final class OwnDataset implements AutoCloseable {
  private static final int SALT_BYTES = 32;

  private final Dataset dataset;
  private final DatasetHandle handle;
  private final TableSchema schema;
  private final ArrowFile file;
  private @Nullable Digest commitment;

  private OwnDataset(Dataset dataset, DatasetHandle handle, TableSchema schema, ArrowFile file) {
    this.dataset = dataset;
    this.handle = handle;
    this.schema = schema;
    this.file = file;
  }

  /**
   * Looks at footer and schema, at no row.
   *
   * @throws RefusedException INVALID_DATASET
   */
  static OwnDataset open(Dataset dataset, DatasetHandle handle) {
    if (handle.salt().size() != SALT_BYTES) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "dataset '%s' has a salt of %d bytes; expected %d"
              .formatted(dataset.name(), handle.salt().size(), SALT_BYTES),
          Map.of("dataset", dataset.name()));
    }
    TableSchema schema = TableSchema.of(dataset.columns());
    ArrowFile file =
        ArrowFile.open(
            new DescriptorFile(handle.descriptor(), handle.sizeBytes(), dataset.name()),
            schema,
            new Table(dataset.name(), dataset.owner()));
    return new OwnDataset(dataset, handle, schema, file);
  }

  String name() {
    return dataset.name();
  }

  TableSchema schema() {
    return schema;
  }

  StreamHead head() {
    return new StreamHead(dataset.name(), file.rows(), file.bytes(), file.sentBatchBytesMax());
  }

  /** Passes the agreed columns on, batch by batch. */
  DatasetUse read(BatchSink sink) {
    MessageDigest digest = Digest.newSha256();
    digest.update(handle.salt().toByteArray());
    file.read(digest, sink);
    return new DatasetUse(dataset.name(), file.rows(), agreed(Digest.ofValue(digest.digest())));
  }

  private synchronized Digest agreed(Digest seen) {
    if (commitment == null) {
      commitment = seen;
    }
    if (!commitment.equals(seen)) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "dataset '%s' changed while it was read".formatted(dataset.name()),
          Map.of("dataset", dataset.name()));
    }
    return seen;
  }

  @Override
  public void close() {
    handle.close();
  }
}
