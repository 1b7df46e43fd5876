package io.parley.evidence.tsm;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks the machine for reports, by the folder {@code /sys/kernel/config/tsm/report} (kernel:
 * Documentation/ABI/testing/configfs-tsm-report, Linux 6.7). Each question has a folder of its own
 * there, and the kernel's count of writes tells whether somebody else wrote into it.
 *
 * <p>Guarantee: the report was made for exactly these 64 bytes, or there is none. Thread-safe; a
 * call blocks: a machine that is busy is asked four times, within a few seconds.
 */
public final class TsmReports {
  /** Where the kernel has it. */
  public static final Path KERNEL = Path.of("/sys/kernel/config/tsm/report");

  static final int REPORT_BYTES_MAX = 32 << 10;
  static final int AUXILIARY_BYTES_MAX = 256 << 10;
  private static final int TEXT_BYTES_MAX = 64;
  private static final int NAME_BYTES = 16;
  private static final int TRIES = 4;
  private static final int LOOKS = 200;
  private static final Duration PAUSE = Duration.ofMillis(5);

  /** Before the second try, and twice as long before each one after: a quote can take a second. */
  private static final Duration BUSY = Duration.ofMillis(250);

  /** Waits a little: an argument, so that tests need not. */
  @FunctionalInterface
  public interface Pause {
    void pause(Duration time) throws InterruptedException;
  }

  /** How a question's files are read and written: an argument, so that tests can have it fail. */
  interface Access {
    void write(Path file, byte[] bytes) throws IOException;

    InputStream read(Path file) throws IOException;
  }

  /** As the kernel wants it: nothing is created, nothing is made shorter. */
  record Plain() implements Access {
    @Override
    public void write(Path file, byte[] bytes) throws IOException {
      Files.write(file, bytes, StandardOpenOption.WRITE);
    }

    @Override
    public InputStream read(Path file) throws IOException {
      return Files.newInputStream(file);
    }
  }

  private final Path folder;
  private final SecureRandom random;
  private final Pause pause;
  private final Access access;

  /**
   * @param folder {@link #KERNEL}, or where configuration says it is
   */
  public TsmReports(Path folder, SecureRandom random, Pause pause) {
    this(folder, random, pause, new Plain());
  }

  TsmReports(Path folder, SecureRandom random, Pause pause, Access access) {
    this.folder = folder;
    this.random = random;
    this.pause = pause;
    this.access = access;
  }

  /**
   * A report over this data.
   *
   * @throws EnvironmentException SANDBOX_UNAVAILABLE when this machine makes none; IO_FAILED when
   *     it would not make one now
   */
  public TsmReport report(ReportData data) {
    if (!Files.isDirectory(folder)) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "%s is not there: this machine is no SEV-SNP or TDX guest with Linux 6.7 or later, or configfs is not mounted"
              .formatted(folder),
          Map.of("folder", folder.toString()));
    }
    IOException last = null;
    for (int attempt = 0; attempt < TRIES; attempt++) {
      try {
        if (attempt > 0) {
          pause.pause(BUSY.multipliedBy(1L << (attempt - 1)));
        }
        return ask(data);
      } catch (AccessDeniedException e) {
        throw failed("gave no report: " + e + "; is it writable for this user?", e);
      } catch (IOException e) {
        // Busy, or another wrote in between: ask again, in a folder of its own.
        last = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failed("gave no report: the thread that asked was interrupted", e);
      }
    }
    throw failed("gave no report in %d tries: %s".formatted(TRIES, last), last);
  }

  private TsmReport ask(ReportData data) throws IOException, InterruptedException {
    byte[] name = new byte[NAME_BYTES];
    random.nextBytes(name);
    Path question = folder.resolve("parley-" + HexFormat.of().formatHex(name));
    Files.createDirectory(question);
    try {
      Path generation = question.resolve("generation");
      long before = awaitGeneration(generation, -1);
      access.write(question.resolve("inblob"), data.value().toByteArray());
      requireNext(before, awaitGeneration(generation, before));
      ByteString report = blob(question.resolve("outblob"), REPORT_BYTES_MAX);
      ByteString auxiliary =
          Files.exists(question.resolve("auxblob"))
              ? blob(question.resolve("auxblob"), AUXILIARY_BYTES_MAX)
              : ByteString.EMPTY;
      String provider = text(question.resolve("provider"));
      requireNext(before, number(generation));
      if (report.isEmpty()) {
        throw new IOException(question + " has an empty report");
      }
      return new TsmReport(provider, report, auxiliary);
    } finally {
      remove(question);
    }
  }

  private static void remove(Path question) throws IOException {
    try {
      Files.deleteIfExists(question);
    } catch (DirectoryNotEmptyException e) {
      // The kernel takes its files along; in a folder that stands in for it they are files.
      try (DirectoryStream<Path> files = Files.newDirectoryStream(question)) {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
      }
      Files.deleteIfExists(question);
    }
  }

  /** The kernel's count, once it is more than this; on the kernel's folder that is at once. */
  private long awaitGeneration(Path file, long moreThan) throws IOException, InterruptedException {
    for (int look = 0; look < LOOKS; look++) {
      if (Files.exists(file)) {
        long seen = number(file);
        if (seen > moreThan) {
          return seen;
        }
      }
      pause.pause(PAUSE);
    }
    throw new IOException("%s does not count beyond %d".formatted(file, moreThan));
  }

  private static void requireNext(long before, long after) throws IOException {
    if (after != before + 1) {
      throw new IOException(
          "somebody else wrote too: generation %d, expected %d".formatted(after, before + 1));
    }
  }

  private long number(Path file) throws IOException {
    String text = text(file);
    if (!text.matches("[0-9]{1,18}")) {
      throw new IOException("%s holds no number".formatted(file));
    }
    return Long.parseLong(text);
  }

  private String text(Path file) throws IOException {
    return blob(file, TEXT_BYTES_MAX).toString(StandardCharsets.US_ASCII).strip();
  }

  private ByteString blob(Path file, int most) throws IOException {
    byte[] bytes;
    try (InputStream in = access.read(file)) {
      bytes = in.readNBytes(most + 1);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      // What fails in the middle of reading does not say which file it was.
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
    if (bytes.length > most) {
      throw new IOException("%s has more than %d bytes".formatted(file, most));
    }
    return ByteString.copyFrom(bytes);
  }

  private EnvironmentException failed(String what, @Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "%s %s".formatted(folder, what),
        Map.of("folder", folder.toString()),
        cause);
  }
}
