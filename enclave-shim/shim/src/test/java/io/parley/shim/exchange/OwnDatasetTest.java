package io.parley.shim.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.link.Descriptor;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.host.DatasetHandle;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host that changes a dataset while its enclave reads it. */
@Timeout(60)
class OwnDatasetTest {
  private static final List<Column> COLUMNS =
      List.of(new Column("a", ColumnType.BIGINT, false), new Column("b", ColumnType.BIGINT, false));

  private static final Dataset DATASET = new Dataset("t", "p", COLUMNS.subList(0, 1), List.of("q"));

  private static final ByteString SALT = ByteString.copyFrom(new byte[32]);

  @TempDir private Path folder;
  private Path path;
  private byte[] bytes;
  private DatasetHandle handle;

  @BeforeEach
  void give() throws IOException {
    List<@Nullable Object[]> rows = new ArrayList<>();
    LongStream.range(0, 50_000).forEach(i -> rows.add(new @Nullable Object[] {i, -i}));
    bytes = TestTables.file(COLUMNS, rows, 20_000);
    path = Files.write(folder.resolve("t.arrow"), bytes);
    handle = new DatasetHandle("t", bytes.length, SALT, Descriptor.openForReading(path));
  }

  @AfterEach
  void close() {
    handle.close();
  }

  @Test
  void everyPassStatesTheCommitmentToSaltAndFile() {
    OwnDataset own = OwnDataset.open(DATASET, handle, new SecureRandom());
    Digest expected = Digest.of(SALT.concat(ByteString.copyFrom(bytes)));

    for (int pass = 0; pass < 3; pass++) {
      long[] rows = new long[1];
      DatasetUse use = own.read(batch -> rows[0] += batch.rows());
      assertThat(use).isEqualTo(new DatasetUse("t", 50_000, expected));
      assertThat(rows[0]).isEqualTo(50_000);
    }
  }

  @Test
  void anyByteThatChangesAfterTheCommitmentIsNoticed() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, new SecureRandom());
    own.read(batch -> {});
    int[] places = {
      7, // Padding behind the magic.
      bytes.length / 4, // A value of a column that goes out.
      bytes.length / 2, // A value further on, of either column.
      bytes.length - 20 // The footer, which was read before.
    };
    for (int place : places) {
      flip(place);
      assertThatThrownBy(() -> own.read(batch -> {}))
          .isInstanceOfSatisfying(
              RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
          .hasMessageContaining("changed while it was read");
      flip(place);
    }
    assertThat(own.read(batch -> {}).rows()).isEqualTo(50_000);
  }

  @Test
  void aChangeDuringAPassIsNoticed() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, new SecureRandom());
    own.read(batch -> {});
    int[] batches = new int[1];

    assertThatThrownBy(() ->
            own.read(batch -> {
              if (batches[0]++ == 0) {
                flip(bytes.length - 100_000);
              }
            }))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("changed while it was read");
    assertThat(batches[0]).isEqualTo(3);
  }

  @Test
  void aFileThatIsCutEndsThePass() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, new SecureRandom());
    own.read(batch -> {});
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(bytes.length / 2);
    }

    assertThatThrownBy(() -> own.read(batch -> {}))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
  }

  private void flip(int place) {
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, place);
      file.write(ByteBuffer.allocate(1).put(0, (byte) (one.get(0) ^ 1)), place);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
