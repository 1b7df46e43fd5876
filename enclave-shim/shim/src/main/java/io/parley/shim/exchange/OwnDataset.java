package io.parley.shim.exchange;

import io.parley.agreement.Dataset;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.BatchSink;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.shim.host.DatasetHandle;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.Map;

/**
 * One of the party's own datasets, opened by its host. Each {@link #read} is a pass of its own;
 * passes that see other bytes than those of the {@link Commitment} are an error. Thread-safe.
 */
final class OwnDataset {
  private static final int SALT_BYTES = 32;

  private final Dataset dataset;
  private final TableSchema schema;
  private final ArrowFile file;
  private final Commitment commitment;

  private OwnDataset(Dataset dataset, TableSchema schema, ArrowFile file, Commitment commitment) {
    this.dataset = dataset;
    this.schema = schema;
    this.file = file;
    this.commitment = commitment;
  }

  /**
   * Looks at footer and schema, at no row yet. The handle stays the caller's to close, which ends
   * every pass.
   *
   * @throws RefusedException INVALID_DATASET
   */
  static OwnDataset open(Dataset dataset, DatasetHandle handle, SecureRandom random) {
    if (handle.salt().size() != SALT_BYTES) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "dataset '%s' has a salt of %d bytes; expected %d"
              .formatted(dataset.name(), handle.salt().size(), SALT_BYTES),
          Map.of("dataset", dataset.name()));
    }
    TableSchema schema = TableSchema.of(dataset.releasedColumns());
    ArrowFile file =
        ArrowFile.open(
            new DescriptorFile(handle.descriptor(), handle.sizeBytes(), dataset.name()),
            schema,
            new Table(dataset.name(), dataset.owner()));
    return new OwnDataset(dataset, schema, file, new Commitment(handle, file, random));
  }

  TableSchema schema() {
    return schema;
  }

  StreamHead head() {
    return new StreamHead(dataset.name(), file.rows(), file.bytes(), file.sentBatchBytesMax());
  }

  /** Passes the agreed columns on, batch by batch; not done before the commitment is. */
  DatasetUse read(Certificates certificates, BatchSink sink) {
    Commitment.Pass pass = commitment.start(certificates);
    file.read(pass::update, sink);
    return new DatasetUse(dataset.name(), file.rows(), pass.finish());
  }
}
