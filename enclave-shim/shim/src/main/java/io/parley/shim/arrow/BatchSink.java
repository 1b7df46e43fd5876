package io.parley.shim.arrow;

/** Takes checked record batches in order. Not thread-safe. */
@FunctionalInterface
public interface BatchSink {
  /** The batch is only valid during the call: its buffers are reused for the next. */
  void accept(CheckedBatch batch);
}
