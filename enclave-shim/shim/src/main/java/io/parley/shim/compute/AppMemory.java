package io.parley.shim.compute;

import io.parley.wire.MemoryLimits;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Says that an app had too little memory in the words of whoever can change it: the enclave's need
 * and the enclave's limit, because the app's own share is nothing that a node can set.
 *
 * @param appBytes the app's share
 * @param enclaveBytes the whole enclave's limit
 */
record AppMemory(long appBytes, long enclaveBytes) {
  /** A figure above this is no memory of today's machines, but a way to carry something out. */
  private static final long FIGURE_MAX = 1L << 44;

  /** The kernel or the Java runtime said no; nobody knows how much would have been enough. */
  RefusedException exceeded() {
    return MemoryLimits.exceeded("the app in its enclave", enclaveBytes, MemoryLimits.RAISE, null);
  }

  /**
   * The app said no. Its figures are of its own engine or heap, which grow with its share: so must
   * the share grow by as much as need exceeds limit.
   *
   * @param stated the members of the app's metadata
   */
  RefusedException exceeded(Map<String, String> stated) {
    long need = figure(stated.get("need_bytes"));
    long limit = figure(stated.get("limit_bytes"));
    if (limit <= 0 || need <= limit || limit > appBytes) {
      return exceeded();
    }
    long share = Math.round((double) appBytes * need / limit);
    return MemoryLimits.exceeded(
        "the app in its enclave",
        enclaveBytes - appBytes + share,
        enclaveBytes,
        MemoryLimits.RAISE);
  }

  /** A number of bytes; -1: none. */
  private static long figure(@Nullable String text) {
    if (text == null || !text.matches("[0-9]{1,15}")) {
      return -1;
    }
    long value = Long.parseLong(text);
    return value <= FIGURE_MAX ? value : -1;
  }
}
