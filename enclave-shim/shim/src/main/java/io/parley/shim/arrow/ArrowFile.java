package io.parley.shim.arrow;

import io.parley.seal.Fingerprints;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;

/**
 * An owner's dataset: an Arrow IPC file, of which the agreed columns are read. Its footer says
 * where its batches are; they must follow each other without overlap.
 *
 * <p>The file comes from the host and may change while it is read: each pass checks everything
 * again. Immutable; several threads may each run a pass.
 */
public final class ArrowFile {
  private static final int TAIL_BYTES = Integer.BYTES + ArrowWriter.MAGIC.length;

  /** What one look of a fingerprint takes. */
  private static final int PIECE_BYTES = Fingerprints.PIECE_BYTES_MAX;

  private record Place(long offset, int metadataLength, int bodyLength) {
    long end() {
      return offset + metadataLength + bodyLength;
    }
  }

  private final ByteFile file;
  private final Table table;
  private final Projection projection;
  private final List<Place> places;
  private final int batchBytesMax;
  private final int sentBatchBytesMax;
  private final long rows;
  private final long bytes;

  private ArrowFile(
      ByteFile file,
      Table table,
      Projection projection,
      List<Place> places,
      int batchBytesMax,
      int sentBatchBytesMax,
      long rows,
      long bytes) {
    this.file = file;
    this.table = table;
    this.projection = projection;
    this.places = List.copyOf(places);
    this.batchBytesMax = batchBytesMax;
    this.sentBatchBytesMax = sentBatchBytesMax;
    this.rows = rows;
    this.bytes = bytes;
  }

  /** Reads footer and metadata, no row. */
  public static ArrowFile open(ByteFile file, TableSchema agreed, Table table) {
    Footer footer = footer(file, table);
    Projection projection =
        Messages.checked(
            table,
            () -> {
              if (footer.schema() == null || footer.dictionariesLength() > 0) {
                throw table.invalid("it has no schema, or has dictionaries");
              }
              return Projection.of(footer.schema(), agreed, table);
            });
    List<Place> places = Messages.checked(table, () -> places(footer, file.sizeBytes(), table));
    long rows = 0;
    long bytes = 0;
    int largest = 0;
    long largestSent = 0;
    for (Place place : places) {
      BatchShape shape = shape(file, place, projection, table);
      rows += shape.rows();
      bytes += shape.bytes();
      largest = Math.max(largest, place.bodyLength());
      largestSent = Math.max(largestSent, shape.bytes());
    }
    return new ArrowFile(
        file, table, projection, places, largest, Math.toIntExact(largestSent), rows, bytes);
  }

  /** Whether the file has no column but those that were agreed, in whatever order. */
  public boolean hasNoOtherColumns() {
    return projection.nodeCount() == projection.sources().size();
  }

  public long rows() {
    return rows;
  }

  /** Bytes that the agreed columns take once written anew. */
  public long bytes() {
    return bytes;
  }

  /** No batch has a longer body once its agreed columns are written anew. */
  public int sentBatchBytesMax() {
    return sentBatchBytesMax;
  }

  /** Passes the whole file on, in the pieces in which every pass over it comes. */
  public void scan(ByteSink pieces) {
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    long at = 0;
    for (Place place : places) {
      scan(at, place.offset(), piece, pieces);
      scan(place.offset(), place.end(), piece, pieces);
      at = place.end();
    }
    scan(at, file.sizeBytes(), piece, pieces);
  }

  /**
   * Passes every batch on, and the whole file as {@link #scan} does, in one pass.
   *
   * @throws io.parley.wire.RefusedException INVALID_DATASET, also when the file changed
   */
  public void read(ByteSink pieces, BatchSink sink) {
    BodyBuffer buffers =
        new BodyBuffer(batchBytesMax + ArrowLimits.METADATA_BYTES_MAX + Messages.PREFIX_BYTES);
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    long at = 0;
    long seen = 0;
    for (Place place : places) {
      scan(at, place.offset(), piece, pieces);
      ByteBuffer message = buffers.take(place.metadataLength() + place.bodyLength(), table);
      readPieces(place.offset(), message, pieces);
      seen += accept(place, message, sink);
      at = place.end();
    }
    scan(at, file.sizeBytes(), piece, pieces);
    if (seen != rows) {
      throw table.invalid("it changed while it was read");
    }
  }

  private int accept(Place place, ByteBuffer message, BatchSink sink) {
    ByteBuffer metadata = ByteBuffer.allocate(place.metadataLength());
    metadata.put(message.slice(0, place.metadataLength()));
    BatchShape shape = shape(metadata.flip(), place, projection, table);
    ByteBuffer body = message.slice(place.metadataLength(), place.bodyLength());
    sink.accept(CheckedBatch.of(shape, body, table));
    return shape.rows();
  }

  private void scan(long from, long to, ByteBuffer piece, ByteSink pieces) {
    for (long at = from; at < to; at += PIECE_BYTES) {
      readPieces(at, piece.clear().limit((int) Math.min(PIECE_BYTES, to - at)), pieces);
    }
  }

  private void readPieces(long from, ByteBuffer into, ByteSink pieces) {
    for (int at = 0; at < into.limit(); at += PIECE_BYTES) {
      ByteBuffer piece = into.slice(at, Math.min(PIECE_BYTES, into.limit() - at));
      file.readFully(from + at, piece);
      pieces.write(piece.flip());
    }
  }

  /** Footer, its length and the magic at the end. */
  static long tailBytes(Footer footer) {
    return (long) footer.getByteBuffer().capacity() + TAIL_BYTES;
  }

  static Footer footer(ByteFile file, Table table) {
    long size = file.sizeBytes();
    if (size < 2L * Messages.ALIGNMENT + TAIL_BYTES) {
      throw table.invalid("its file of %d bytes is too short for Arrow".formatted(size));
    }
    byte[] magic = new byte[ArrowWriter.MAGIC.length];
    file.readFully(0, ByteBuffer.wrap(magic));
    ByteBuffer tail = ByteBuffer.allocate(TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.readFully(size - TAIL_BYTES, tail);
    int length = tail.flip().getInt();
    byte[] last = new byte[magic.length];
    tail.get(last);
    if (!Arrays.equals(magic, ArrowWriter.MAGIC) || !Arrays.equals(last, ArrowWriter.MAGIC)) {
      throw table.invalid("its file is no Arrow IPC file");
    }
    if (length <= 0
        || length > ArrowLimits.FOOTER_BYTES_MAX
        || length > size - TAIL_BYTES - Messages.ALIGNMENT) {
      throw table.invalid("its footer has an impossible length of " + length);
    }
    ByteBuffer footer = ByteBuffer.allocate(length);
    file.readFully(size - TAIL_BYTES - length, footer);
    return Messages.checked(table, () -> Footer.getRootAsFooter(footer.flip()));
  }

  private static List<Place> places(Footer footer, long size, Table table) {
    int count = footer.recordBatchesLength();
    if (count < 0 || count > ArrowLimits.BATCH_COUNT_MAX) {
      throw table.invalid("it has more than " + ArrowLimits.BATCH_COUNT_MAX + " batches");
    }
    List<Place> places = new ArrayList<>(count);
    long previousEnd = Messages.ALIGNMENT;
    for (int i = 0; i < count; i++) {
      Block block = footer.recordBatches(i);
      if (block.offset() < previousEnd
          || block.metaDataLength() <= Messages.PREFIX_BYTES
          || block.metaDataLength() > ArrowLimits.METADATA_BYTES_MAX + Messages.PREFIX_BYTES
          || block.bodyLength() < 0
          || block.bodyLength() > ArrowLimits.BATCH_BODY_BYTES_MAX
          || block.offset() > size - block.metaDataLength() - block.bodyLength()) {
        throw table.invalid(
            "batch %d lies outside the file, overlaps another, or has more than %d bytes"
                .formatted(i, ArrowLimits.BATCH_BODY_BYTES_MAX));
      }
      Place place = new Place(block.offset(), block.metaDataLength(), (int) block.bodyLength());
      places.add(place);
      previousEnd = place.end();
    }
    return places;
  }

  private static BatchShape shape(ByteFile file, Place place, Projection projection, Table table) {
    ByteBuffer metadata = ByteBuffer.allocate(place.metadataLength());
    file.readFully(place.offset(), metadata);
    return shape(metadata.flip(), place, projection, table);
  }

  private static BatchShape shape(
      ByteBuffer metadata, Place place, Projection projection, Table table) {
    int length =
        Messages.length(
            metadata.slice(0, Messages.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN), table);
    if (length != place.metadataLength() - Messages.PREFIX_BYTES) {
      throw table.invalid("a batch's metadata is not as long as its footer says");
    }
    Message message = Messages.parse(metadata.slice(Messages.PREFIX_BYTES, length), table);
    BatchShape shape = BatchShape.of(message, projection, table);
    if (shape.bodyLength() != place.bodyLength()) {
      throw table.invalid("a batch's body is not as long as its footer says");
    }
    return shape;
  }
}
