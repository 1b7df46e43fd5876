package io.parley.sdk;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where progress lines go: one JSON object per line on descriptor 3. Losing them is no failure.
 *
 * <p>Safe for use by several threads.
 */
public final class Progress implements AutoCloseable {
  private static final Path DESCRIPTOR = Path.of("/proc/self/fd/3");
  private static final int MAX_MESSAGE = 200;

  private final OutputStream lines;

  private Progress(OutputStream lines) {
    this.lines = lines;
  }

  /** Lines are dropped. */
  public static Progress none() {
    return new Progress(OutputStream.nullOutputStream());
  }

  /** Lines go to this stream. */
  public static Progress to(OutputStream lines) {
    return new Progress(lines);
  }

  /**
   * Lines go to descriptor 3 when it is a pipe. Anything else there is a file that the JVM itself
   * opened, such as its own {@code lib/modules}: writing to it would be a disaster.
   */
  static Progress ofDescriptor() {
    try {
      return Files.readSymbolicLink(DESCRIPTOR).toString().startsWith("pipe:")
          ? new Progress(new FileOutputStream(DESCRIPTOR.toFile()))
          : none();
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      return none();
    }
  }

  synchronized void report(long done, long total, String message) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("done", done);
    line.put("total", total);
    line.put(
        "message", message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE));
    byte[] json = Json.bytes(line);
    byte[] text = java.util.Arrays.copyOf(json, json.length + 1);
    text[json.length] = '\n';
    try {
      // One write per line, so that lines of several threads never mix.
      lines.write(text);
      lines.flush();
    } catch (IOException e) {
      // The reader has gone; the result is what counts.
      return;
    }
  }

  @Override
  public void close() {
    try {
      lines.close();
    } catch (IOException e) {
      // See report.
      return;
    }
  }
}
