package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
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
   * Checks that the issuer has not revoked the certificate, by the newest list that the issuer
   * signed, which must be current.
   *
   * @param issuer already checked up to its root
   * @param known lists whose signatures were checked before
   * @throws NotGenuineException EVIDENCE_CERTIFICATE_REVOKED, EVIDENCE_COLLATERAL_WRONG or
   *     EVIDENCE_COLLATERAL_EXPIRED
   * @throws CannotCheckException EVIDENCE_COLLATERAL_MISSING when there is no list by this issuer
   */
  public void check(
      String what,
      X509Certificate certificate,
      X509Certificate issuer,
      Instant at,
      KnownSignatures known)
      throws NotGenuineException, CannotCheckException {
    X509CRL list = newest(what, issuer, known);
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

  /** The time in which all of them are current. */
  public Validity validity() {
    return Validity.ofLists(lists);
  }

  /** These and those. */
  public RevocationLists and(RevocationLists others) {
    List<X509CRL> all = new ArrayList<>(lists);
    all.addAll(others.lists);
    return new RevocationLists(all);
  }

  /** Those that one of these certificates could have issued, by name. */
  public RevocationLists issuedBy(List<X509Certificate> certificates) {
    return new RevocationLists(
        lists.stream()
            .filter(list -> certificates.stream().anyMatch(each -> isBy(list, each)))
            .toList());
  }

  /** An older list than the newest could hide what was revoked since. */
  private X509CRL newest(String what, X509Certificate issuer, KnownSignatures known)
      throws NotGenuineException, CannotCheckException {
    List<X509CRL> named = lists.stream().filter(list -> isBy(list, issuer)).distinct().toList();
    if (named.isEmpty()) {
      throw new CannotCheckException(
          Reason.EVIDENCE_COLLATERAL_MISSING,
          "there is no revocation list by '%s' for %s".formatted(name(issuer), what));
    }
    X509CRL newest = null;
    for (X509CRL list : named) {
      if (isSigned(what, list, issuer, known)
          && (newest == null || list.getThisUpdate().after(newest.getThisUpdate()))) {
        newest = list;
      }
    }
    if (newest == null) {
      throw new NotGenuineException(
          Reason.EVIDENCE_COLLATERAL_WRONG,
          what + ".crl",
          "the revocation list is not signed by its issuer",
          "a signature by '%s'".formatted(name(issuer)),
          "another");
    }
    return newest;
  }

  private static boolean isBy(X509CRL list, X509Certificate issuer) {
    return list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal());
  }

  private static boolean isSigned(
      String what, X509CRL list, X509Certificate issuer, KnownSignatures known)
      throws NotGenuineException {
    PublicKey key = Chains.key(what, issuer);
    try {
      Digest signature = KnownSignatures.ofList(ByteString.copyFrom(list.getEncoded()), issuer);
      if (!known.contains(signature)) {
        list.verify(key);
        known.add(signature);
      }
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static void current(String what, X509CRL list, Instant at) throws NotGenuineException {
    Instant from = list.getThisUpdate().toInstant();
    Date next = list.getNextUpdate();
    if (!Validity.of(list).contains(at)) {
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
