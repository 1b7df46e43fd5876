package io.parley.shim.chain;

import io.parley.agreement.Column;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.arrow.ChannelFile;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.shim.exchange.InputFile;
import io.parley.shim.exchange.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;

/** An Arrow file inside the enclave, whoever wrote it: read with every check, written anew. */
final class LocalTable {
  private static final String WRITER = "a step";

  private LocalTable() {}

  /**
   * Writes these columns of a file, in this order, as {@code NAME.arrow} in another folder.
   *
   * @param exact refuse other columns in the file
   * @throws io.parley.wire.RefusedException INVALID_DATASET when it is no Arrow file with these
   *     columns, or MEMORY_LIMIT
   * @throws OtherColumnsException when it has others
   */
  static void rewrite(
      Path file, String name, List<Column> columns, boolean exact, Path target, MemoryBudget budget)
      throws IOException {
    TableSchema schema = TableSchema.of(columns);
    Table table = new Table(name, WRITER);
    try (FileChannel channel = open(file)) {
      ArrowFile arrow = ArrowFile.open(new ChannelFile(channel, channel.size()), schema, table);
      if (exact && !arrow.hasNoOtherColumns()) {
        throw new OtherColumnsException();
      }
      budget.take(name, arrow.bytes());
      try (InputFile copy = InputFile.create(target, name, budget, arrow.bytes())) {
        ArrowWriter writer = ArrowWriter.file(schema, copy);
        arrow.read(piece -> piece.position(piece.limit()), writer);
        writer.finish();
        copy.complete();
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Whether a file has this column, as far as that can be told without its rows. */
  static boolean has(Path file, String name, Column column) {
    try (FileChannel channel = open(file)) {
      return ArrowFile.open(
                  new ChannelFile(channel, channel.size()),
                  TableSchema.of(List.of(column)),
                  new Table(name, WRITER))
              .rows()
          >= 0;
    } catch (io.parley.wire.ParleyException | UncheckedIOException | IOException e) {
      return false;
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  /** The file has columns that were not agreed. */
  static final class OtherColumnsException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
