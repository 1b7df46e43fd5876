package io.parley.shim.host;

import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Things that the host hands in, each under a key, each once. They may come before anybody waits
 * for them, and before it is known which are expected. Thread-safe.
 */
final class Arrivals<K, V> {
  /** More than any agreement can need. */
  static final int COUNT_MAX = 4096;

  private final String what;
  private final Consumer<V> dispose;
  private final Map<K, V> waiting = new HashMap<>();
  private final Set<K> seen = new HashSet<>();
  private @Nullable Set<K> expected;
  private @Nullable ParleyException failure;

  /**
   * @param dispose what to do with one that nobody took
   */
  Arrivals(String what, Consumer<V> dispose) {
    this.what = what;
    this.dispose = dispose;
  }

  /**
   * Takes one in.
   *
   * @throws RefusedException PEER_PROTOCOL_BROKEN when it came before, or is not expected
   */
  synchronized void put(K key, V value) {
    if (failure != null || !seen.add(key) || !isExpected(key) || seen.size() > COUNT_MAX) {
      dispose.accept(value);
      if (failure == null) {
        throw unexpected(key);
      }
      return;
    }
    waiting.put(key, value);
    notifyAll();
  }

  /** From now on only these; one that has come already and is not among them is refused now. */
  synchronized void expectOnly(Set<K> keys) {
    expected = Set.copyOf(keys);
    for (K key : seen) {
      if (!isExpected(key)) {
        throw unexpected(key);
      }
    }
  }

  /**
   * Waits for one; it is the caller's from then on.
   *
   * @throws EnvironmentException TIMEOUT, or what {@link #fail} said
   */
  synchronized V take(K key, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      V value = waiting.remove(key);
      if (value != null) {
        return value;
      }
      if (failure != null) {
        throw failure;
      }
      await(key, deadline, timeout);
    }
  }

  /** Wakes everybody with this; the first one stays. */
  synchronized void fail(ParleyException cause) {
    if (failure == null) {
      failure = cause;
    }
    waiting.values().forEach(dispose);
    waiting.clear();
    notifyAll();
  }

  private void await(K key, long deadline, Duration timeout) {
    long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
    if (leftMillis <= 0) {
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "the host gave no %s %s within %d ms".formatted(what, key, timeout.toMillis()),
          Map.of("what", what, "timeout_ms", Long.toString(timeout.toMillis())));
    }
    try {
      wait(leftMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(
          Reason.CANCELLED, "stopped while waiting for " + what, Map.of("what", what), e);
    }
  }

  private boolean isExpected(K key) {
    return expected == null || expected.contains(key);
  }

  private RefusedException unexpected(K key) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "%s %s was not expected, or came twice".formatted(what, key),
        Map.of("what", what, "key", String.valueOf(key)));
  }
}
