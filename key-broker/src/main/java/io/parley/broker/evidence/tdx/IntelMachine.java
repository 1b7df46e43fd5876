package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Validity;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A machine of Intel's by the chain of its PCK and the collateral that there is about it. Every
 * quote of it rests on the same, which takes longer to check than the quote does.
 *
 * <p>Guarantee: what was found good is taken for good no longer than it would be if it were checked
 * anew: while every certificate, list and answer that is there is valid. What was not found good is
 * checked each time. Thread-safe.
 */
public final class IntelMachine {
  private static final Tcb NOT_CHECKED =
      new Tcb(TcbStatus.NOT_CHECKED, "", 0, Collections.emptySortedSet());

  private final List<X509Certificate> chain;
  private final TdxCollateral collateral;
  private final Set<Digest> roots;
  private final KnownSignatures known;
  // While these hold, the checks have been made; by two threads perhaps twice.
  private volatile @Nullable Validity chainGood;
  private volatile @Nullable Validity collateralGood;
  private volatile @Nullable PckCertificate pck;

  /**
   * @param chain the leaf first, the root last
   * @param roots fingerprints
   * @param known signatures that were found good before
   */
  IntelMachine(
      List<X509Certificate> chain,
      TdxCollateral collateral,
      Set<Digest> roots,
      KnownSignatures known) {
    this.chain = List.copyOf(chain);
    this.collateral = collateral;
    this.roots = Set.copyOf(roots);
    this.known = known;
  }

  /** From a root that is trusted here to the machine's key, and from that to the quote. */
  void checkSigned(IntelQuote quote, Instant at) throws NotGenuineException {
    if (!quote.chain().equals(chain)) {
      // It would be judged by what is known of this one.
      throw new BugException("this quote is of another machine");
    }
    if (!holds(chainGood, at)) {
      Chains.check("PCK", chain, roots, at, known);
      chainGood = Validity.ofAll(chain);
    }
    QuoteSignatures.check(quote, chain.getFirst());
  }

  /**
   * What the machine's certificate says of it.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when it lacks what Intel puts in
   */
  PckCertificate pck() {
    @Nullable PckCertificate read = pck;
    if (read == null) {
      read = PckCertificate.of(chain.getFirst());
      pck = read;
    }
    return read;
  }

  /**
   * How new the machine is, its quoting enclave included.
   *
   * @param quote that is {@link #checkSigned}
   */
  Tcb tcb(IntelQuote quote, Instant at) throws NotGenuineException, CannotCheckException {
    if (collateral.isEmpty()) {
      return NOT_CHECKED;
    }
    CollateralCheck check = new CollateralCheck(collateral, roots, at, known);
    if (!holds(collateralGood, at)) {
      check.check(chain);
      collateralGood = Validity.ofAll(chain).and(collateral.validity());
    }
    return check.judge(pck(), quote);
  }

  /** Whether lists and answers were looked at. */
  Revocation revocation() {
    return collateral.isEmpty() ? Revocation.NOT_CHECKED : Revocation.CHECKED;
  }

  private static boolean holds(@Nullable Validity good, Instant at) {
    return good != null && good.contains(at);
  }
}
