package io.parley.peer.enclaves.remote;

import io.parley.wire.MemoryLimits;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * What an enclave server has to give at once: enclaves, and memory for them and for the datasets
 * that are handed to them. Nothing is overbooked: what is not free is refused. Thread-safe.
 */
final class Capacity {
  private static final String RAISE = "raise 'memory' in enclave.yaml, or wait for other enclaves";

  private final int enclavesMax;
  private final long memoryBytes;
  private int enclaves;
  private long usedBytes;

  Capacity(int enclavesMax, long memoryBytes) {
    this.enclavesMax = enclavesMax;
    this.memoryBytes = memoryBytes;
  }

  /** One enclave's share; closing it gives everything back, once. */
  final class Lease implements AutoCloseable {
    private final long limitBytes;
    private long handedBytes;
    private boolean closed;

    private Lease(long limitBytes) {
      this.limitBytes = limitBytes;
    }

    /**
     * Memory for a dataset, until the lease is closed. All datasets of an enclave together are held
     * to its memory limit once more, since what is not in the enclave does not count there.
     *
     * @throws RefusedException MEMORY_LIMIT when the enclave's share or the server's is used up
     */
    void more(long bytes) {
      synchronized (Capacity.this) {
        if (closed) {
          throw new RefusedException(Reason.JOB_NOT_RUNNING, "the enclave has ended");
        }
        if (bytes < 0 || bytes > limitBytes - handedBytes) {
          throw MemoryLimits.exceeded(
              "the datasets handed to the enclave", bytes, limitBytes, MemoryLimits.RAISE);
        }
        take(bytes, "a dataset handed to the enclave");
        handedBytes += bytes;
      }
    }

    @Override
    public void close() {
      synchronized (Capacity.this) {
        if (!closed) {
          closed = true;
          enclaves--;
          usedBytes -= limitBytes + handedBytes;
        }
      }
    }
  }

  /**
   * A share for one enclave.
   *
   * @throws RefusedException TOO_MANY or MEMORY_LIMIT when there is none
   */
  synchronized Lease take(long limitBytes) {
    if (enclaves >= enclavesMax) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%d enclaves run already, as many as 'enclaves' in enclave.yaml allows"
              .formatted(enclavesMax),
          Map.of("limit", Integer.toString(enclavesMax)));
    }
    take(limitBytes, "the enclave");
    enclaves++;
    return new Lease(limitBytes);
  }

  private void take(long bytes, String what) {
    long free = memoryBytes - usedBytes;
    if (bytes > free) {
      throw MemoryLimits.exceeded(what, bytes, free, RAISE);
    }
    usedBytes += bytes;
  }

  int enclavesMax() {
    return enclavesMax;
  }

  synchronized int enclaves() {
    return enclaves;
  }

  long memoryBytes() {
    return memoryBytes;
  }

  synchronized long freeBytes() {
    return memoryBytes - usedBytes;
  }
}
