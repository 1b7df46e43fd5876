package io.parley.shim.exchange;

/** Takes how many rows have moved, of how many are known of. */
@FunctionalInterface
public interface ExchangeProgress {
  void rows(long done, long total);
}
