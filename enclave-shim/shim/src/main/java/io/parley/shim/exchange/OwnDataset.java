package io.parley.shim.exchange;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dataset;
import io.parley.seal.Fingerprints;
import io.parley.shim.Tasks;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.BatchSink;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.shim.host.DatasetHandle;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.Future;

/**
 * One of the party's own datasets, opened by its host. The commitment to it is made on a thread of
 * its own from the moment it is opened, while the enclave still waits for keys. Each {@link #read}
 * is a pass of its own; passes that see other bytes than those committed to are an error.
 * Thread-safe.
 */
final class OwnDataset {
  private static final int SALT_BYTES = 32;

  /** What the first pass saw: for everybody, and for the passes that follow. */
  private record Committed(Digest commitment, Digest fingerprint) {}

  private final Dataset dataset;
  private final TableSchema schema;
  private final ArrowFile file;
  private final Fingerprints fingerprints;
  private final Future<Committed> committed;

  private OwnDataset(
      Dataset dataset,
      ByteString salt,
      TableSchema schema,
      ArrowFile file,
      Fingerprints fingerprints) {
    this.dataset = dataset;
    this.schema = schema;
    this.file = file;
    this.fingerprints = fingerprints;
    this.committed = Tasks.start("commit", () -> commit(salt, file, fingerprints.start()));
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
    TableSchema schema = TableSchema.of(dataset.columns());
    ArrowFile file =
        ArrowFile.open(
            new DescriptorFile(handle.descriptor(), handle.sizeBytes(), dataset.name()),
            schema,
            new Table(dataset.name(), dataset.owner()));
    return new OwnDataset(dataset, handle.salt(), schema, file, new Fingerprints(random));
  }

  private static Committed commit(ByteString salt, ArrowFile file, Fingerprints.Pass pass) {
    MessageDigest digest = Digest.newSha256();
    digest.update(salt.toByteArray());
    file.scan(piece -> {
      digest.update(piece.duplicate());
      pass.update(piece);
    });
    return new Committed(Digest.ofValue(digest.digest()), pass.finish());
  }

  TableSchema schema() {
    return schema;
  }

  StreamHead head() {
    return new StreamHead(dataset.name(), file.rows(), file.bytes(), file.sentBatchBytesMax());
  }

  /** Passes the agreed columns on, batch by batch; not done before the commitment is. */
  DatasetUse read(BatchSink sink) {
    Fingerprints.Pass pass = fingerprints.start();
    file.read(pass::update, sink);
    Committed seen = Tasks.get(committed);
    if (!pass.finish().equals(seen.fingerprint())) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "dataset '%s' changed while it was read".formatted(dataset.name()),
          Map.of("dataset", dataset.name()));
    }
    return new DatasetUse(dataset.name(), file.rows(), seen.commitment());
  }
}
