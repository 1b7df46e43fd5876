package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/**
 * Writes an Arrow IPC file batch by batch, and hashes it on the way. The file is readable by its
 * owner only, and on the disk when {@link #finish} returns. Not thread-safe.
 */
final class ArrowOutput implements AutoCloseable {
  /** Most rows of a batch. */
  static final int BATCH_ROWS_MAX = 64 << 10;

  /** Enclaves take no batch over 64 MiB; this leaves room for padding. */
  static final long BATCH_BYTES_MAX = 60L << 20;

  /**
   * What a batch of more than one row should take. An enclave holds a batch of each dataset at a
   * time, all of them in 192 MiB beside the app's memory.
   */
  static final long BATCH_BYTES_GOOD = 8L << 20;

  private final List<Column> columns;
  private final FileChannel file;
  private final VectorSchemaRoot root;
  private final ArrowFileWriter writer;
  private final MessageDigest sha256 = Digest.newSha256();
  private long rows;

  ArrowOutput(List<Column> columns, Path path, byte[] salt, BufferAllocator allocator)
      throws IOException {
    this.columns = columns;
    file =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    sha256.update(salt);
    root = VectorSchemaRoot.create(ArrowTypes.schema(columns), allocator);
    writer = new ArrowFileWriter(root, null, new Hashing());
    writer.start();
  }

  FieldVector vector(int column) {
    return root.getVector(column);
  }

  /** Rows that a batch of these columns has at most. */
  static int batchRows(List<Column> columns) {
    // No fixed part is wider than a decimal's 16 bytes, or a text's offset.
    return (int) Math.min(BATCH_ROWS_MAX, BATCH_BYTES_GOOD / (columns.size() * 17L));
  }

  /**
   * Writes what is in the vectors as one batch.
   *
   * @throws DatasetProblem when a column that has none may not have a null
   */
  void writeBatch(int count) throws IOException {
    root.setRowCount(count);
    for (int i = 0; i < columns.size(); i++) {
      refuseNull(columns.get(i), root.getVector(i), count);
    }
    if (count > 0) {
      writer.writeBatch();
    }
    rows += count;
    root.clear();
  }

  private void refuseNull(Column column, FieldVector vector, int count) {
    if (column.nullable() || vector.getNullCount() == 0) {
      return;
    }
    for (int row = 0; row < count; row++) {
      if (vector.isNull(row)) {
        throw new DatasetProblem(
            0, column.name(), "row %d: expected a value, came null".formatted(rows + row + 1));
      }
    }
  }

  /** Ends the file; answers with SHA-256(salt || file). */
  Digest finish() throws IOException {
    writer.end();
    file.force(true);
    return Digest.ofValue(sha256.digest());
  }

  long rows() {
    return rows;
  }

  long sizeBytes() throws IOException {
    return file.size();
  }

  @Override
  public void close() throws IOException {
    try (file) {
      writer.close();
    } finally {
      root.close();
    }
  }

  static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // Start-up removes what nothing refers to.
    }
  }

  /** The writer appends only, so the digest can be taken as bytes pass. */
  private final class Hashing implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int length = bytes.remaining();
      sha256.update(bytes.duplicate());
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      return length;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
