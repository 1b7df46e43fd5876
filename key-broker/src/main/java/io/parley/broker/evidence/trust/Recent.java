package io.parley.broker.evidence.trust;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** So many values by their keys; what was used least goes first. Thread-safe. */
public final class Recent<K, V> {
  private final Map<K, V> values;

  /**
   * @param most that are kept; may be 0
   */
  public Recent(int most) {
    values =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
          }
        };
  }

  public synchronized @Nullable V find(K key) {
    return values.get(key);
  }

  public synchronized void add(K key, V value) {
    values.put(key, value);
  }
}
