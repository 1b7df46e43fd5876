package io.parley.peer.cli.output;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows one by one, in constant memory. Call {@link #begin} once, {@link #row} for each row,
 * then {@link #close}, which writes what ends the form. Not thread-safe.
 *
 * <p>A cell is null, a {@link String}, a {@link Boolean}, a {@link Number}, a {@code java.time}
 * value, or a list of those. Nothing is rounded.
 */
public interface RowWriter extends AutoCloseable {
  void begin(List<Column> columns);

  /**
   * @param cells one per column
   */
  void row(List<? extends @Nullable Object> cells);

  @Override
  void close();

  /**
   * A column of the output.
   *
   * @param number aligned right in tables
   */
  record Column(String name, boolean number) {
    public static Column text(String name) {
      return new Column(name, false);
    }

    public static Column number(String name) {
      return new Column(name, true);
    }
  }
}
