package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.tdx.TcbLevels.Level;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.broker.evidence.trust.Validity;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Judges a quote's machine by collateral, once the collateral itself has been checked. */
final class CollateralCheck {
  private static final String SIGNER = "CN=Intel SGX TCB Signing";

  private final TdxCollateral collateral;
  private final Set<Digest> roots;
  private final Instant at;
  private final KnownSignatures known;

  CollateralCheck(TdxCollateral collateral, Set<Digest> roots, Instant at, KnownSignatures known) {
    this.collateral = collateral;
    this.roots = roots;
    this.at = at;
    this.known = known;
  }

  /**
   * All is there, signed, current, and the machine's chain is not revoked.
   *
   * @param chain of the machine's PCK, which has been checked
   */
  void check(List<X509Certificate> chain) throws NotGenuineException, CannotCheckException {
    SignedJson tcbInfo = there("TCB info", collateral.tcbInfo());
    SignedJson qeIdentity = there("QE identity", collateral.qeIdentity());
    checkRevocation(chain);
    checkSigned(tcbInfo);
    checkSigned(qeIdentity);
  }

  /**
   * How new the machine is, by collateral that has been checked.
   *
   * @param quote whose signatures have been checked
   */
  Tcb judge(PckCertificate pck, IntelQuote quote) throws NotGenuineException, CannotCheckException {
    SignedJson tcbInfo = there("TCB info", collateral.tcbInfo());
    SignedJson qeIdentity = there("QE identity", collateral.qeIdentity());
    Tcb platform = new TcbInfo(tcbInfo).level(pck, quote);
    Level enclave = new QeIdentity(qeIdentity).level(quote.quotingEnclave().report(), quote.tee());
    TcbStatus status = platform.status().with(enclave.status());
    TreeSet<String> advisories = new TreeSet<>(platform.advisories());
    advisories.addAll(enclave.advisories());
    if (status == TcbStatus.REVOKED) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CERTIFICATE_REVOKED,
          "tcb_status",
          "Intel has revoked this version of the platform; update it",
          "not " + status.text(),
          status.text());
    }
    return new Tcb(status, platform.date(), platform.evaluation(), advisories);
  }

  private void checkRevocation(List<X509Certificate> chain)
      throws NotGenuineException, CannotCheckException {
    for (int i = 0; i < chain.size() - 1; i++) {
      collateral
          .lists()
          .check(i == 0 ? "PCK" : "PCK issuer", chain.get(i), chain.get(i + 1), at, known);
    }
  }

  /** Signed by Intel's key for collateral, straight below a root, and not revoked; and current. */
  private void checkSigned(SignedJson json) throws NotGenuineException, CannotCheckException {
    X509Certificate signer = signer(json);
    X509Certificate root = root(signer);
    Chains.check("collateral", List.of(signer, root), roots, at, known);
    collateral.lists().check("collateral", signer, root, at, known);
    checkCurrent(json);
  }

  /** The one that signed it, of those that are there: Intel renews its key from time to time. */
  private X509Certificate signer(SignedJson json) throws NotGenuineException, CannotCheckException {
    List<X509Certificate> named =
        collateral.certificates().stream().distinct().filter(CollateralCheck::isSigner).toList();
    if (named.isEmpty()) {
      throw new CannotCheckException(
          Reason.EVIDENCE_COLLATERAL_MISSING,
          "the certificate of '%s' is not there; it comes with Intel's answers".formatted(SIGNER));
    }
    for (X509Certificate signer : named) {
      Digest signature = KnownSignatures.ofText(json.text(), json.signature(), signer);
      if (known.contains(signature)) {
        return signer;
      }
      if (Signatures.verifies(
          Signatures.P256, Chains.key("collateral", signer), json.text(), json.signature())) {
        known.add(signature);
        return signer;
      }
    }
    throw new NotGenuineException(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        json.what() + ".signature",
        "the collateral is not signed by Intel, or was changed since",
        "a signature by the collateral's key",
        "one that does not verify");
  }

  private static boolean isSigner(X509Certificate certificate) {
    return List.of(certificate.getSubjectX500Principal().getName().split(",")).contains(SIGNER);
  }

  private X509Certificate root(X509Certificate signer) throws CannotCheckException {
    X509Certificate any = null;
    for (X509Certificate certificate : collateral.certificates()) {
      if (Chains.isSelfIssued(certificate)
          && certificate.getSubjectX500Principal().equals(signer.getIssuerX500Principal())) {
        any = certificate;
        if (roots.contains(Certificates.fingerprint(certificate))) {
          return certificate;
        }
      }
    }
    if (any != null) {
      return any;
    }
    throw new CannotCheckException(
        Reason.EVIDENCE_COLLATERAL_MISSING, "the root of the collateral's chain is not there");
  }

  private void checkCurrent(SignedJson json) throws NotGenuineException {
    Validity current = json.validity();
    if (!current.contains(at)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_COLLATERAL_EXPIRED,
          json.what() + ".validity",
          "the collateral is not current; get a new one from Intel",
          current.from() + " to " + current.to(),
          at);
    }
  }

  private static SignedJson there(String what, @Nullable SignedJson json)
      throws CannotCheckException {
    if (json == null) {
      throw new CannotCheckException(
          Reason.EVIDENCE_COLLATERAL_MISSING, "there is no %s".formatted(what));
    }
    return json;
  }
}
