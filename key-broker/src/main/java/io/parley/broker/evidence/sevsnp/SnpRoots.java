package io.parley.broker.evidence.sevsnp;

import io.parley.wire.Digest;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Fingerprints of the root certificates that are trusted, by the product whose root each is.
 * Immutable.
 */
public final class SnpRoots {
  /** AMD's. */
  public static final SnpRoots AMD = amd();

  private final Map<SnpProduct, Digest> roots;

  /** In place of AMD's. A product that has none is not accepted. */
  public SnpRoots(Map<SnpProduct, Digest> roots) {
    this.roots = roots.isEmpty() ? Map.of() : Map.copyOf(new EnumMap<>(roots));
  }

  /** AMD's, or those of these families in their place where there are any. */
  public static SnpRoots orThose(Map<String, Digest> byFamily) {
    if (byFamily.isEmpty()) {
      return AMD;
    }
    Map<SnpProduct, Digest> roots = new EnumMap<>(SnpProduct.class);
    byFamily.forEach(
        (family, root) -> SnpProduct.named(family).ifPresent(product -> roots.put(product, root)));
    return new SnpRoots(roots);
  }

  Set<Digest> of(SnpProduct product) {
    Digest root = roots.get(product);
    return root == null ? Set.of() : Set.of(root);
  }

  Optional<SnpProduct> productOf(Digest root) {
    return roots.entrySet().stream()
        .filter(entry -> entry.getValue().equals(root))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  @Override
  public String toString() {
    return new TreeMap<>(roots).toString();
  }

  private static SnpRoots amd() {
    Map<SnpProduct, Digest> roots = new EnumMap<>(SnpProduct.class);
    for (SnpProduct product : SnpProduct.values()) {
      roots.put(product, product.root());
    }
    return new SnpRoots(roots);
  }
}
