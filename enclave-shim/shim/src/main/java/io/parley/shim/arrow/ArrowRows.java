package io.parley.shim.arrow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Counts the rows of an Arrow IPC file of any schema: those of its footer's batches, which must
 * fill the file without a gap, so that a reader that goes by the stream finds no others.
 */
public final class ArrowRows {
  private static final int DEPTH_MAX = 64;
  private static final Table TABLE = new Table("result", "the app");

  private ArrowRows() {}

  /**
   * Rows in all batches.
   *
   * @throws io.parley.wire.RefusedException when it is no such file
   */
  public static long count(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      return count(new ChannelFile(channel, channel.size()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static long count(ByteFile file) {
    Footer footer = ArrowFile.footer(file, TABLE);
    return Messages.checked(
        TABLE,
        () -> {
          int count = footer.recordBatchesLength();
          if (count < 0 || count > ArrowLimits.BATCH_COUNT_MAX) {
            throw TABLE.invalid("its footer has too many batches");
          }
          long rows = 0;
          long at = Messages.ALIGNMENT;
          Found schema = message(file, at, MessageHeader.Schema);
          Columns columns = columns(footer.schema());
          if (!columns.equals(columns(schema.schema()))) {
            throw TABLE.invalid("its footer has other columns than its stream");
          }
          at += schema.length();
          for (int i = 0; i < footer.dictionariesLength(); i++) {
            at += expected(at, footer.dictionaries(i).offset());
            at += message(file, at, MessageHeader.DictionaryBatch).length();
          }
          for (int i = 0; i < count; i++) {
            at += expected(at, footer.recordBatches(i).offset());
            Found batch = message(file, at, MessageHeader.RecordBatch);
            rows = Math.addExact(rows, columns.rows(batch.batch()));
            at += batch.length();
          }
          if (file.sizeBytes() - ArrowFile.tailBytes(footer) - at > 2L * Messages.ALIGNMENT) {
            throw TABLE.invalid("there is more in it than its footer names");
          }
          return rows;
        });
  }

  private record Found(long length, Message message) {
    @Nullable Schema schema() {
      return message.header(new Schema()) instanceof Schema schema ? schema : null;
    }

    RecordBatch batch() {
      return message.header(new RecordBatch()) instanceof RecordBatch batch
          ? batch
          : new RecordBatch();
    }
  }

  /**
   * Where among a batch's nodes, which are of nested columns too, those of the columns are.
   *
   * @param all how many nodes there are
   */
  private record Columns(List<Integer> nodes, int all) {
    /** A batch's own figure and each column's must be the same: readers go by either. */
    long rows(RecordBatch batch) {
      long rows = batch.length();
      if (rows < 0 || batch.nodesLength() != all) {
        throw TABLE.invalid("a batch has another form than its schema");
      }
      for (int node : nodes) {
        if (batch.nodes(node).length() != rows) {
          throw TABLE.invalid("a batch has columns of other lengths than its own");
        }
      }
      return rows;
    }
  }

  private static Columns columns(@Nullable Schema schema) {
    if (schema == null || schema.fieldsLength() > ArrowLimits.FIELD_COUNT_MAX) {
      throw TABLE.invalid("it has no schema, or too many columns");
    }
    List<Integer> nodes = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < schema.fieldsLength(); i++) {
      nodes.add(next);
      next = after(schema.fields(i), next, 0);
    }
    return new Columns(nodes, next);
  }

  /** The node after those of this field. A schema can point into itself, hence the limits. */
  private static int after(Field field, int node, int depth) {
    if (depth > DEPTH_MAX || node > ArrowLimits.FIELD_COUNT_MAX) {
      throw TABLE.invalid("its columns are too many, or nested too deeply");
    }
    int next = node + 1;
    // What a dictionary stands for is not in the batch.
    int children = field.dictionary() == null ? field.childrenLength() : 0;
    for (int i = 0; i < children; i++) {
      next = after(field.children(i), next, depth + 1);
    }
    return next;
  }

  private static int expected(long at, long offset) {
    if (offset != at) {
      throw TABLE.invalid("its batches do not follow each other");
    }
    return 0;
  }

  private static Found message(ByteFile file, long at, byte headerType) {
    ByteBuffer prefix = ByteBuffer.allocate(Messages.PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.readFully(at, prefix);
    int length = Messages.length(prefix.flip(), TABLE);
    ByteBuffer metadata = ByteBuffer.allocate(length);
    file.readFully(at + Messages.PREFIX_BYTES, metadata);
    Message message = Messages.parse(metadata.flip(), TABLE);
    long metadataEnd = at + Messages.PREFIX_BYTES + length;
    // Compared by subtraction: a length near the largest number would turn the sum around.
    if (message.headerType() != headerType
        || message.bodyLength() < 0
        || message.bodyLength() > file.sizeBytes() - metadataEnd) {
      throw TABLE.invalid("a message is not what its footer says");
    }
    return new Found(metadataEnd - at + message.bodyLength(), message);
  }
}
