package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.agreement.Column;
import io.parley.peer.datasets.CsvFiles;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.ArrowStream;
import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.arrow.ByteFile;
import io.parley.shim.arrow.ByteSource;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.util.ValueVectorUtility;

/** Rows: what an enclave takes, Arrow's own library must find valid; what CSV becomes, too. */
final class TableTargets {
  private static final Table TABLE = new Table("orders", "payments");
  private static final int BATCH_BYTES_MAX = 1 << 20;
  private static final int ROWS = 5;
  private static final String CSV =
      """
      number,text,amount,day,at,flag
      1,north,1.50,2026-01-31,2026-01-31T10:00:00,true
      2,"so,uth",,2026-02-28,2026-01-31 10:00:00.5,false
      3,,3.25,,,
      4,"a ""b"" c",4,2024-02-29,2026-01-31T10:00,TRUE
      5,ä€😀,5e0,1970-01-01,1969-12-31T23:59:59,f
      """;

  private TableTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "csv", TableTargets::csv,
        "arrow-file", TableTargets::arrowFile,
        "arrow-stream", TableTargets::arrowStream);
  }

  /** The seed's file, and the columns that it has. */
  private record Sample(byte[] file, List<Column> columns) {
    static Sample in(Path scratch) {
      try {
        Path arrow = scratch.resolve("sample.arrow");
        List<Column> columns =
            CsvFiles.infer(
                Files.write(scratch.resolve("sample.csv"), CSV.getBytes(UTF_8)), arrow, scratch);
        Sample sample = new Sample(Files.readAllBytes(arrow), columns);
        Files.delete(arrow);
        return sample;
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private static FuzzTarget csv(Path scratch) {
    Path file = scratch.resolve("input.csv");
    Path arrow = scratch.resolve("input.arrow");
    return new FuzzTarget(
        List.of(CSV.getBytes(UTF_8), "a\n1\n".getBytes(UTF_8)),
        bytes -> {
          Files.write(file, bytes);
          Files.deleteIfExists(arrow);
          List<Column> columns = CsvFiles.infer(file, arrow, scratch);
          byte[] written = Files.readAllBytes(arrow);
          if (columns.stream().allMatch(TableTargets::canBeAgreedOn)) {
            sameAsArrow(() -> new InMemory(written).stream(TableSchema.of(columns)));
          }
          return true;
        });
  }

  /** Names of columns in an agreement are short; a file may have longer ones. */
  private static boolean canBeAgreedOn(Column column) {
    return column.type() != null && column.name().length() <= 63;
  }

  private static FuzzTarget arrowFile(Path scratch) {
    Sample sample = Sample.in(scratch);
    TableSchema agreed = TableSchema.of(sample.columns());
    return new FuzzTarget(
        List.of(sample.file()),
        bytes -> {
          byte[] stream = new InMemory(bytes).stream(agreed);
          sameAsArrow(() -> stream);
          return true;
        });
  }

  private static FuzzTarget arrowStream(Path scratch) {
    Sample sample = Sample.in(scratch);
    TableSchema agreed = TableSchema.of(sample.columns());
    return new FuzzTarget(
        List.of(new InMemory(sample.file()).stream(agreed)),
        bytes -> {
          ByteBuffer incoming = ByteBuffer.wrap(bytes);
          ByteSource source = into -> take(incoming, into);
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          ArrowWriter writer = ArrowWriter.stream(agreed, piece -> write(out, piece));
          long rows = ArrowStream.read(source, agreed, TABLE, ROWS, BATCH_BYTES_MAX, writer);
          writer.finish();
          if (rows != ROWS) {
            throw new AssertionError("%d rows".formatted(rows));
          }
          sameAsArrow(out::toByteArray);
          return true;
        });
  }

  private interface Written {
    byte[] bytes();
  }

  /** Arrow's library reads what we wrote, and finds every vector valid. */
  private static void sameAsArrow(Written written) {
    try (RootAllocator allocator = new RootAllocator(64 << 20);
        ArrowStreamReader reader =
            new ArrowStreamReader(new ByteArrayInputStream(written.bytes()), allocator)) {
      while (reader.loadNextBatch()) {
        ValueVectorUtility.validateFull(reader.getVectorSchemaRoot());
      }
    } catch (IOException | RuntimeException e) {
      throw new AssertionError("Arrow finds it invalid", e);
    }
  }

  private static void take(ByteBuffer from, ByteBuffer into) {
    if (from.remaining() < into.remaining()) {
      throw new RefusedException(Reason.INVALID_RECORD, "the stream was cut");
    }
    into.put(from.slice(from.position(), into.remaining()));
    from.position(from.position() + into.limit());
  }

  private static void write(ByteArrayOutputStream out, ByteBuffer piece) {
    byte[] bytes = new byte[piece.remaining()];
    piece.get(bytes);
    out.writeBytes(bytes);
  }

  /** A file of its owner's host. */
  private record InMemory(byte[] bytes) implements ByteFile {
    @Override
    public long sizeBytes() {
      return bytes.length;
    }

    @Override
    public void readFully(long position, ByteBuffer into) {
      if (position < 0 || position > bytes.length - into.remaining()) {
        throw new RefusedException(Reason.INVALID_DATASET, "the file is shorter");
      }
      into.put(bytes, (int) position, into.remaining());
    }

    /** The agreed columns as an enclave sends them on. */
    byte[] stream(TableSchema agreed) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ArrowWriter writer = ArrowWriter.stream(agreed, piece -> write(out, piece));
      ArrowFile.open(this, agreed, TABLE).read(piece -> {}, writer);
      writer.finish();
      return out.toByteArray();
    }
  }
}
