package io.parley.broker.evidence.sevsnp;

import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The way from a VCEK or VLEK over its issuer (ASK or ASVK) to AMD's root key (ARK), picked from
 * the certificates that came along. Immutable.
 */
final class SnpChain {
  private final SnpCertificate leaf;
  private final X509Certificate issuer;
  private final X509Certificate root;

  private SnpChain(SnpCertificate leaf, X509Certificate issuer, X509Certificate root) {
    this.leaf = leaf;
    this.issuer = issuer;
    this.root = root;
  }

  /**
   * Picks the chain by its names; {@link #check} is what makes it one.
   *
   * @param certificates in any order; AMD publishes ASK, ASVK and ARK in one file
   */
  static SnpChain pick(List<X509Certificate> certificates, SnpRoots roots)
      throws NotGenuineException, CannotCheckException {
    List<SnpCertificate> leaves =
        certificates.stream()
            .filter(SnpCertificate::isOne)
            .distinct()
            .map(SnpCertificate::new)
            .toList();
    if (leaves.isEmpty() || certificates.stream().noneMatch(Chains::isSelfIssued)) {
      throw new CannotCheckException(
          Reason.EVIDENCE_COLLATERAL_MISSING,
          "the chain needs the chip's certificate (VCEK or VLEK), its issuer and AMD's root");
    }
    if (leaves.size() > 1) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CHAIN_WRONG,
          "chain",
          "more than one VCEK or VLEK is there; send the one that signed",
          1,
          leaves.size());
    }
    SnpCertificate leaf = leaves.getFirst();
    requireProduct(leaf.product(), certificates, roots);
    X509Certificate issuer = issuerOf(leaf.certificate(), certificates);
    return new SnpChain(leaf, issuer, issuerOf(issuer, certificates));
  }

  SnpCertificate leaf() {
    return leaf;
  }

  void check(SnpRoots roots, Instant at, KnownSignatures known) throws NotGenuineException {
    Chains.check(
        leaf.what(),
        List.of(leaf.certificate(), issuer, root),
        roots.of(leaf.product()),
        at,
        known);
  }

  void checkRevocation(RevocationLists lists, Instant at, KnownSignatures known)
      throws NotGenuineException, CannotCheckException {
    // AMD's list is of issuers: the certificates of chips all have the same serial number.
    lists.check("issuer", issuer, root, at, known);
  }

  /** A chain of another line is not just any wrong chain: say so. */
  private static void requireProduct(
      SnpProduct product, List<X509Certificate> certificates, SnpRoots roots)
      throws NotGenuineException {
    for (X509Certificate certificate : certificates) {
      Optional<SnpProduct> of = roots.productOf(Certificates.fingerprint(certificate));
      if (of.isPresent()) {
        NotGenuineException.requireEqual(
            Reason.EVIDENCE_PRODUCT_WRONG,
            "chain.product",
            "the chain is that of another line of processors; get the one of the chip's own",
            product,
            of.get());
      }
    }
  }

  private static X509Certificate issuerOf(
      X509Certificate certificate, List<X509Certificate> certificates) throws NotGenuineException {
    for (X509Certificate candidate : certificates) {
      if (candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
        return candidate;
      }
    }
    throw new NotGenuineException(
        Reason.EVIDENCE_CHAIN_WRONG,
        "chain",
        "the issuer of a certificate is not in the chain",
        certificate.getIssuerX500Principal().getName(),
        "none of this name");
  }
}
