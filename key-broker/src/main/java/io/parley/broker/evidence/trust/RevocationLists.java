package io.parley.broker.evidence.trust;

import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.Reason;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;

/** Revocation lists that came with evidence, none of them believed yet. Immutable. */
public record RevocationLists(List<X509CRL> lists) {
  /** None at all. */
  public static final RevocationLists NONE = new RevocationLists(List.of());

  public RevocationLists {
    lists = List.copyOf(lists);
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return lists.isEmpty();
  }

  /**
   * Checks that the issuer has not revoked the certificate, by a list that the issuer signed and
   * that is current.
   *
   * @param issuer already checked up to its root
   * @throws NotGenuineException EVIDENCE_CERTIFICATE_REVOKED, EVIDENCE_COLLATERAL_WRONG or
   *     EVIDENCE_COLLATERAL_EXPIRED
   * @throws CannotCheckException EVIDENCE_COLLATERAL_MISSING when there is no list by this issuer
   */
  public void check(String what, X509Certificate certificate, X509Certificate issuer, Instant at)
      throws NotGenuineException, CannotCheckException {
    X509CRL list = by(issuer, what);
    try {
      list.verify(Chains.key(what, issuer));
    } catch (GeneralSecurityException e) {
      throw new NotGenuineException(
          Reason.EVIDENCE_COLLATERAL_WRONG,
          what + ".crl",
          "the revocation list is not signed by its issuer",
          "a signature by '%s'".formatted(name(issuer)),
          "another");
    }
    current(what, list, at);
    if (list.isRevoked(certificate)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CERTIFICATE_REVOKED,
          what + ".revoked",
          "the vendor has revoked this certificate",
          "not revoked",
          "revoked, serial %x".formatted(certificate.getSerialNumber()));
    }
  }

  private X509CRL by(X509Certificate issuer, String what) throws CannotCheckException {
    for (X509CRL list : lists) {
      if (list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
        return list;
      }
    }
    throw new CannotCheckException(
        Reason.EVIDENCE_COLLATERAL_MISSING,
        "there is no revocation list by '%s' for %s".formatted(name(issuer), what));
  }

  private static void current(String what, X509CRL list, Instant at) throws NotGenuineException {
    Instant from = list.getThisUpdate().toInstant();
    Date next = list.getNextUpdate();
    if (next == null || at.isBefore(from) || at.isAfter(next.toInstant())) {
      throw new NotGenuineException(
          Reason.EVIDENCE_COLLATERAL_EXPIRED,
          what + ".crl",
          "the revocation list is not current; get a new one from the vendor",
          from + " to " + (next == null ? "(no end)" : next.toInstant()),
          at);
    }
  }

  private static String name(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName();
  }
}
