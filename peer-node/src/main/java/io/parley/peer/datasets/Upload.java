package io.parley.peer.datasets;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.peer.store.DatasetRecord;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file on its way in: pieces go to a private file, and nothing is kept unless {@link #finish}
 * says so. Not thread-safe; {@link #close} removes the file.
 */
public final class Upload implements AutoCloseable {
  private final Datasets datasets;
  private final Path file;
  private final OutputStream out;
  private final long limitBytes;
  private long bytes;

  public Upload(Datasets datasets, long limitBytes) {
    this.datasets = datasets;
    this.limitBytes = limitBytes;
    this.file = datasets.spool();
    try {
      out =
          Channels.newOutputStream(
              FileChannel.open(
                  file,
                  Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                  PosixFilePermissions.asFileAttribute(
                      PosixFilePermissions.fromString("rw-------"))));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Takes the next piece.
   *
   * @throws RefusedException SIZE_LIMIT when there are more bytes than limits.dataset_size
   */
  public void write(ByteString piece) {
    bytes += piece.size();
    if (bytes > limitBytes) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "the file has more than %d bytes, which is limits.dataset_size".formatted(limitBytes),
          Map.of("limit_bytes", Long.toString(limitBytes)));
    }
    try {
      piece.writeTo(out);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Reads what came, and keeps it as a dataset.
   *
   * @param format csv or parquet
   * @param shownName what the operator calls the file
   * @param wanted the columns to keep; empty: as the file has them
   */
  public DatasetRecord finish(
      String name, String format, String shownName, List<Column> wanted, boolean replace) {
    try {
      out.close();
    } catch (IOException e) {
      throw failed(e);
    }
    DatasetImport source =
        new DatasetImport(
            format(format),
            file,
            shownName.isBlank() ? name + "." + format : shownName,
            datasets.temporary());
    return datasets.add(name, source, wanted, replace);
  }

  private static DatasetImport.Format format(String text) {
    return switch (text) {
      case "csv" -> DatasetImport.Format.CSV;
      case "parquet" -> DatasetImport.Format.PARQUET;
      default ->
          throw new RefusedException(
              Reason.INVALID_REQUEST,
              "'%.20s' is not a format; expected csv or parquet".formatted(text));
    };
  }

  @Override
  public void close() {
    try (out) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static EnvironmentException failed(IOException e) {
    return new EnvironmentException(
        Reason.IO_FAILED, "cannot keep the file: " + e.getMessage(), Map.of(), e);
  }
}
