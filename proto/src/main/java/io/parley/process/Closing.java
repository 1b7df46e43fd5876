package io.parley.process;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What was opened, to be closed in the opposite order; a part that fails does not keep the others
 * open. Not thread-safe.
 */
public final class Closing implements AutoCloseable {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final Consumer<Exception> failed;

  /**
   * @param failed hears why a part could not be closed
   */
  public Closing(Consumer<Exception> failed) {
    this.failed = failed;
  }

  /** Answers with the same. */
  public <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Again it does nothing. */
  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        failed.accept(e);
      }
    }
  }
}
