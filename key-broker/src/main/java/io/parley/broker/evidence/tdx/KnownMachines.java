package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.collateral.Collateral;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.wire.Digest;
import io.parley.wire.Recent;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Machines that quotes came from, by the very objects that their chain and collateral were read
 * into: those who read them remember them by their bytes. Bounded: what was used least goes first.
 * Thread-safe.
 */
public final class KnownMachines {
  private static final int MOST = 32;

  /** Equal for the same objects only: to compare what is in them would take longer than to read. */
  private record Key(
      List<X509Certificate> chain, Collateral came, Collateral own, Set<Digest> roots) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key key
          && chain == key.chain
          && came == key.came
          && own == key.own
          && roots.equals(key.roots);
    }

    @Override
    public int hashCode() {
      return Objects.hash(
          System.identityHashCode(chain),
          System.identityHashCode(came),
          System.identityHashCode(own),
          roots);
    }
  }

  private final Recent<Key, IntelMachine> machines = new Recent<>(MOST);
  private final KnownSignatures known;

  public KnownMachines(KnownSignatures known) {
    this.known = known;
  }

  /**
   * The machine of a quote.
   *
   * @param chain the quote's
   * @param came what came with the quote
   * @param own what the broker itself has
   * @param roots fingerprints
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when an answer, or the machine's
   *     certificate, lacks what Intel puts in
   */
  public IntelMachine machine(
      List<X509Certificate> chain, Collateral came, Collateral own, Set<Digest> roots) {
    return machines.get(
        new Key(chain, came, own, roots),
        () -> {
          Collateral all = came.and(own);
          return new IntelMachine(
              chain,
              TdxCollateralChoice.of(chain, all.tdx(), all.certificates(), all.lists()),
              roots,
              known);
        });
  }
}
