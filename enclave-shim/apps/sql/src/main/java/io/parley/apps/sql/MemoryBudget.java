package io.parley.apps.sql;

import io.parley.sdk.JobContext;

/** How much of the app's memory DuckDB may take; the rest is the JVM's. */
final class MemoryBudget {
  /** Code, threads, Arrow batches in flight. */
  private static final long OVERHEAD_BYTES = 96L << 20;

  private MemoryBudget() {}

  /** Bytes for DuckDB; 0 when the job is not limited. */
  static long of(JobContext job) {
    return engineBytes(job.memoryBytes(), Runtime.getRuntime().maxMemory());
  }

  static long engineBytes(long totalBytes, long heapBytes) {
    // At least half: a heap that was set too large must not leave the engine with nothing.
    return totalBytes == 0 ? 0 : Math.max(totalBytes / 2, totalBytes - heapBytes - OVERHEAD_BYTES);
  }
}
