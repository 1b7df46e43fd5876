package io.parley.shim.exchange;

import io.parley.link.Descriptor;
import io.parley.shim.arrow.ByteSink;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * An input in the making. It has its name only when complete; closed before, it is gone. Not
 * thread-safe.
 */
public final class InputFile implements ByteSink, AutoCloseable {
  /** Taken from the budget at a time, beyond what was announced. */
  private static final long STEP_BYTES = 64 << 10;

  private final Path part;
  private final Path whole;
  private final String dataset;
  private final MemoryBudget budget;
  private final Descriptor file;
  private long takenBytes;
  private long writtenBytes;
  private boolean complete;

  private InputFile(
      Path folder, String dataset, MemoryBudget budget, long takenBytes, Descriptor file) {
    this.part = part(folder, dataset);
    this.whole = folder.resolve(dataset + ".arrow");
    this.dataset = dataset;
    this.budget = budget;
    this.takenBytes = takenBytes;
    this.file = file;
  }

  /**
   * @param takenBytes what the budget has given for it already
   */
  public static InputFile create(
      Path folder, String dataset, MemoryBudget budget, long takenBytes) {
    try {
      return new InputFile(
          folder, dataset, budget, takenBytes, Descriptor.createForWriting(part(folder, dataset)));
    } catch (IOException e) {
      throw failed(dataset, e);
    }
  }

  private static Path part(Path folder, String dataset) {
    return folder.resolve(dataset + ".arrow.part");
  }

  @Override
  public void write(ByteBuffer bytes) {
    writtenBytes += bytes.remaining();
    while (writtenBytes > takenBytes) {
      budget.take(dataset, STEP_BYTES);
      takenBytes += STEP_BYTES;
    }
    try {
      file.writeFully(bytes);
    } catch (IOException e) {
      throw noSpace(e) ? budget.exceeded("dataset '%s'".formatted(dataset), 0) : failed(dataset, e);
    }
  }

  /** Gives it its name. */
  public void complete() {
    try {
      file.close();
      Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
      complete = true;
    } catch (IOException e) {
      throw failed(dataset, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
      if (!complete) {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw failed(dataset, e);
    }
  }

  private static boolean noSpace(IOException e) {
    return String.valueOf(e.getMessage()).contains("No space left");
  }

  private static ParleyException failed(String dataset, IOException e) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "dataset '%s' could not be written: %s".formatted(dataset, e.getMessage()),
        Map.of("dataset", dataset),
        e);
  }
}
