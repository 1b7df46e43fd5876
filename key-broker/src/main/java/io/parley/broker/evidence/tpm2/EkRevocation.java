package io.parley.broker.evidence.tpm2;

import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * What vendors of TPMs have revoked, of the certificates between an endorsement key and its root.
 *
 * <p>Guarantee: a list that is there counts, whether or not it must be there.
 *
 * @param lists of any issuers, none of them believed yet
 * @param required whether each issuer's list must be there
 */
public record EkRevocation(RevocationLists lists, boolean required) {
  /** No lists, and none wanted. */
  public static final EkRevocation NOT_REQUIRED = new EkRevocation(RevocationLists.NONE, false);

  /** The same lists, none of which must be there. */
  EkRevocation optional() {
    return new EkRevocation(lists, false);
  }

  /**
   * Checks every certificate below the root by its issuer's list, from the root on.
   *
   * @param leafToRoot already checked
   */
  void check(List<X509Certificate> leafToRoot, Instant at, KnownSignatures known)
      throws NotGenuineException, CannotCheckException {
    for (int i = leafToRoot.size() - 2; i >= 0; i--) {
      X509Certificate issuer = leafToRoot.get(i + 1);
      if (required || !lists.issuedBy(List.of(issuer)).isEmpty()) {
        lists.check(i == 0 ? "EK" : "EK.issuer", leafToRoot.get(i), issuer, at, known);
      }
    }
  }
}
