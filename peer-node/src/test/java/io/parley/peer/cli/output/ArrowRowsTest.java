package io.parley.peer.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.junit.jupiter.api.Test;

class ArrowRowsTest {
  @Test
  void everyValueComesOutExactly() throws IOException {
    assertThat(written(ResultForm.CSV, file(2)))
        .isEqualTo(
            "n,d,f,s,day,at\r\n"
                + "9007199254740993,0.10,0.1,zwölf,1969-12-31,1970-01-01T00:00:00.000001\r\n"
                + ",,,,,\r\n"
                + "9007199254740993,0.10,0.1,zwölf,1969-12-31,1970-01-01T00:00:00.000001\r\n"
                + ",,,,,\r\n");
    assertThat(written(ResultForm.JSON, file(1)))
        .contains("{\"n\":9007199254740993,\"d\":0.10,\"f\":0.1,\"s\":\"zwölf\"");
  }

  @Test
  void theArrowFormIsTheFileItself() throws IOException {
    byte[] file = file(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ResultForm.ARROW.write(
        new ByteArrayInputStream(file),
        "arrow",
        new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toByteArray()).isEqualTo(file);
  }

  @Test
  void anEmptyResultHasItsColumns() throws IOException {
    assertThat(written(ResultForm.CSV, file(0))).isEqualTo("n,d,f,s,day,at\r\n");
  }

  @Test
  void whatIsNoArrowFileIsRefused() {
    assertThatThrownBy(() -> written(ResultForm.CSV, new byte[] {1, 2, 3}))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("not an Arrow");
  }

  @Test
  void aCutFileIsRefused() throws IOException {
    byte[] file = file(1);
    assertThatThrownBy(() -> written(ResultForm.CSV, Arrays.copyOf(file, file.length / 2)))
        .isInstanceOf(Exception.class);
  }

  private static String written(ResultForm form, byte[] file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    form.write(
        new ByteArrayInputStream(file),
        "arrow",
        new PrintStream(out, true, StandardCharsets.UTF_8));
    return out.toString(StandardCharsets.UTF_8);
  }

  private static byte[] file(int batches) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (RootAllocator memory = new RootAllocator();
        BigIntVector n = new BigIntVector("n", memory);
        DecimalVector d = new DecimalVector("d", memory, 12, 2);
        Float8Vector f = new Float8Vector("f", memory);
        VarCharVector s = new VarCharVector("s", memory);
        DateDayVector day = new DateDayVector("day", memory);
        TimeStampMicroVector at = new TimeStampMicroVector("at", memory);
        VectorSchemaRoot root = new VectorSchemaRoot(List.of(n, d, f, s, day, at));
        ArrowFileWriter writer = new ArrowFileWriter(root, null, Channels.newChannel(bytes))) {
      writer.start();
      for (int batch = 0; batch < batches; batch++) {
        root.getFieldVectors().forEach(v -> v.setInitialCapacity(2));
        root.allocateNew();
        n.setSafe(0, 9007199254740993L);
        d.setSafe(0, new BigDecimal("0.10"));
        f.setSafe(0, 0.1);
        s.setSafe(0, "zwölf".getBytes(StandardCharsets.UTF_8));
        day.setSafe(0, -1);
        at.setSafe(0, 1L);
        root.setRowCount(2);
        writer.writeBatch();
      }
      writer.end();
    }
    return bytes.toByteArray();
  }
}
