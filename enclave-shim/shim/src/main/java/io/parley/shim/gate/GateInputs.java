package io.parley.shim.gate;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.gate.GateScope;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.arrow.ByteFile;
import io.parley.shim.arrow.ByteSink;
import io.parley.shim.arrow.DrawnColumns;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Lays a set's tables out where the app reads its inputs: checked and written anew, as other
 * parties' rows are.
 */
final class GateInputs {
  private final Path in;
  private final RandomGenerator random;

  GateInputs(Path in, RandomGenerator random) {
    this.in = in;
    this.random = random;
  }

  /**
   * Writes every table.
   *
   * @param drawn columns whose values are drawn, by table
   * @throws RefusedException INVALID_DATASET when one does not fit what the app reads
   */
  void write(GateScope scope, VerificationSet set, Map<String, List<String>> drawn) {
    for (VerificationTable table : set.inputs()) {
      List<Column> columns = scope.inputs().get(table.dataset());
      if (columns == null) {
        throw new RefusedException(
            Reason.INVALID_DATASET,
            "table '%s' is nothing that the app reads".formatted(table.dataset()));
      }
      write(table, columns, Set.copyOf(drawn.getOrDefault(table.dataset(), List.of())));
    }
  }

  private void write(VerificationTable verification, List<Column> columns, Set<String> drawn) {
    String name = verification.dataset();
    Table table = new Table(name, "the verification set");
    TableSchema schema = TableSchema.of(columns);
    ArrowFile source = ArrowFile.open(new InMemory(verification.arrow(), table), schema, table);
    if (source.rows() != verification.rows()) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "table '%s' has %d rows, and says that it has %d"
              .formatted(name, source.rows(), verification.rows()));
    }
    try (FileChannel file =
        FileChannel.open(
            in.resolve(name + ".arrow"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ArrowWriter writer = ArrowWriter.file(schema, sink(file));
      source.read(
          piece -> {}, drawn.isEmpty() ? writer : new DrawnColumns(schema, drawn, random, writer));
      writer.finish();
    } catch (IOException | UncheckedIOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "verification data for '%s' could not be written".formatted(name),
          Map.of("dataset", name),
          e);
    }
  }

  private static ByteSink sink(FileChannel file) {
    return bytes -> {
      try {
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private record InMemory(ByteString bytes, Table table) implements ByteFile {
    @Override
    public long sizeBytes() {
      return bytes.size();
    }

    @Override
    public void readFully(long position, ByteBuffer into) {
      if (position < 0 || position + into.remaining() > bytes.size()) {
        throw new RefusedException(
            Reason.INVALID_DATASET, "table '%s' ends early".formatted(table.dataset()));
      }
      int from = (int) position;
      bytes.substring(from, from + into.remaining()).copyTo(into);
    }
  }
}
