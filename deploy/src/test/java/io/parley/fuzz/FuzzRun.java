package io.parley.fuzz;

import com.sun.management.ThreadMXBean;
import io.parley.wire.RefusedException;
import java.lang.management.ManagementFactory;
import java.util.HexFormat;

/** Runs inputs, and holds what every target promises. One thread. */
final class FuzzRun {
  /** Heap that one input may take, of whatever size it is. */
  private static final long MEMORY_BYTES_MAX = 256L << 20;

  private static final int SHOWN_BYTES = 200;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final FuzzTarget target;

  FuzzRun(FuzzTarget target) {
    this.target = target;
  }

  /**
   * Whether the input was taken.
   *
   * @throws AssertionError when it was neither taken nor refused as it should
   */
  boolean run(byte[] bytes) {
    long before = threads.getCurrentThreadAllocatedBytes();
    boolean taken = outcome(bytes);
    long used = threads.getCurrentThreadAllocatedBytes() - before;
    // Classes that are loaded, and instrumented, take memory the first time only.
    if (used > MEMORY_BYTES_MAX && usedAgain(bytes) > MEMORY_BYTES_MAX) {
      throw new AssertionError("took %d bytes of memory: %s".formatted(used, shown(bytes)));
    }
    return taken;
  }

  private long usedAgain(byte[] bytes) {
    long before = threads.getCurrentThreadAllocatedBytes();
    boolean unused = outcome(bytes);
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  private boolean outcome(byte[] bytes) {
    try {
      return target.input().take(bytes);
    } catch (RefusedException e) {
      return false;
    } catch (Exception | AssertionError | StackOverflowError e) {
      throw new AssertionError("neither taken nor refused: " + shown(bytes), e);
    }
  }

  private static String shown(byte[] bytes) {
    String hex = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
    return "%d bytes, %s%s".formatted(bytes.length, hex, bytes.length > SHOWN_BYTES ? "..." : "");
  }
}
