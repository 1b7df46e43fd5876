package io.parley.shim.arrow;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;

/**
 * Counts the rows of an Arrow IPC file of any schema: those of its footer's batches, which must
 * fill the file without a gap, so that a reader that goes by the stream finds no others.
 */
public final class ArrowRows {
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
          at += message(file, at, MessageHeader.Schema).length();
          for (int i = 0; i < footer.dictionariesLength(); i++) {
            at += expected(at, footer.dictionaries(i).offset());
            at += message(file, at, MessageHeader.DictionaryBatch).length();
          }
          for (int i = 0; i < count; i++) {
            at += expected(at, footer.recordBatches(i).offset());
            Found batch = message(file, at, MessageHeader.RecordBatch);
            rows = Math.addExact(rows, batch.rows());
            at += batch.length();
          }
          if (file.sizeBytes() - ArrowFile.tailBytes(footer) - at > 2L * Messages.ALIGNMENT) {
            throw TABLE.invalid("there is more in it than its footer names");
          }
          return rows;
        });
  }

  private record Found(long length, long rows) {}

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
    if (message.headerType() != headerType || message.bodyLength() < 0) {
      throw TABLE.invalid("a message is not what its footer says");
    }
    long rows = 0;
    if (headerType == MessageHeader.RecordBatch
        && message.header(new RecordBatch()) instanceof RecordBatch batch) {
      rows = batch.length();
      for (int i = 0; i < batch.nodesLength() && rows == 0; i++) {
        rows = batch.nodes(i).length();
      }
    }
    if (rows < 0) {
      throw TABLE.invalid("a batch has a negative number of rows");
    }
    return new Found(Messages.PREFIX_BYTES + (long) length + message.bodyLength(), rows);
  }

  private record ChannelFile(FileChannel channel, long sizeBytes) implements ByteFile {
    @Override
    public void readFully(long position, ByteBuffer into) {
      try {
        long at = position;
        while (into.hasRemaining()) {
          int count = channel.read(into, at);
          if (count < 0) {
            throw new EOFException("the file ended early");
          }
          at += count;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
