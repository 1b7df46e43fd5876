package io.parley.shim.child;

/**
 * How an app ended.
 *
 * @param code its exit code, or 128 and the signal
 * @param memoryLimit whether it ended for want of memory
 * @param peakMemoryBytes the most that one process of it held at a time
 * @param output the last that it printed; may hold rows, and must not leave the enclave
 */
public record AppExit(int code, boolean memoryLimit, long peakMemoryBytes, String output) {
  /** Without the output. */
  @Override
  public String toString() {
    return "code %d, memory limit %s, peak %d bytes".formatted(code, memoryLimit, peakMemoryBytes);
  }
}
