package io.parley.shim.exchange;

import io.parley.wire.MemoryLimits;
import io.parley.wire.RefusedException;

/**
 * What the enclave's memory is used for: the shim, the inputs (their files are memory too) and the
 * app. Says no before the kernel does, with need and limit. Thread-safe.
 */
public final class MemoryBudget {
  /** Less than this is of no use to an app. */
  static final long APP_BYTES_MIN = 96L << 20;

  private final long limitBytes;
  private final long shimBytes;
  private long inputBytes;

  /**
   * @param limitBytes of the whole enclave
   * @param shimBytes that this process may come to use
   */
  public MemoryBudget(long limitBytes, long shimBytes) {
    // The host says it; what is below 0 would turn the sums around.
    this.limitBytes = Math.max(0, limitBytes);
    this.shimBytes = shimBytes;
    check("itself", 0);
  }

  /**
   * Takes memory for an input, or for what a step wrote.
   *
   * @throws RefusedException MEMORY_LIMIT with what is needed in all and the limit
   */
  public synchronized void take(String dataset, long bytes) {
    check("dataset '%s'".formatted(dataset), bytes);
    inputBytes += bytes;
  }

  /**
   * Says anew what inputs take, once some are gone.
   *
   * @param bytes of all that is held now
   */
  public synchronized void recount(long bytes) {
    inputBytes = bytes;
  }

  /** Of the whole enclave. */
  public long limitBytes() {
    return limitBytes;
  }

  /** What is left for the app. */
  public synchronized long appBytes() {
    return limitBytes - shimBytes - inputBytes;
  }

  /** When the kernel said no first. */
  synchronized RefusedException exceeded(String what, long bytes) {
    long need = shimBytes + APP_BYTES_MIN + inputBytes + bytes;
    return MemoryLimits.exceeded(
        "the enclave, to hold " + what + " too,", need, limitBytes, MemoryLimits.RAISE);
  }

  private void check(String what, long bytes) {
    // Subtracting: what another party announces may be as large as a long gets.
    if (bytes > limitBytes - shimBytes - APP_BYTES_MIN - inputBytes) {
      throw exceeded(what, Math.min(bytes, Long.MAX_VALUE / 4));
    }
  }
}
