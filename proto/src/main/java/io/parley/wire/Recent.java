package io.parley.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
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

  /** The value of the key, which is made where it is not known; by two threads perhaps twice. */
  public V get(K key, Supplier<V> make) {
    @Nullable V known = find(key);
    if (known != null) {
      return known;
    }
    // Outside of the lock: it may take long. What fails is not kept.
    V made = make.get();
    add(key, made);
    return made;
  }

  public synchronized @Nullable V find(K key) {
    return values.get(key);
  }

  public synchronized void add(K key, V value) {
    values.put(key, value);
  }
}
