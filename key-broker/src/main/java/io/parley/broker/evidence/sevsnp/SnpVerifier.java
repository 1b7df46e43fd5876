package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Octets;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Checks that a chip of AMD's signed a report, that the chip's certificate is about the report's
 * own versions and machine, and that it was made over the expected report data. Whether versions
 * are new enough, or debugging is on, is for policy. Thread-safe.
 */
public final class SnpVerifier {
  private final SnpRoots roots;
  private final KnownSignatures known;

  /** Checks every signature every time. */
  public SnpVerifier(SnpRoots roots) {
    this(roots, KnownSignatures.none());
  }

  public SnpVerifier(SnpRoots roots, KnownSignatures known) {
    this.roots = roots;
    this.known = known;
  }

  /**
   * Checks.
   *
   * @param certificates VCEK or VLEK, issuer and root, in any order
   * @param lists AMD's revocation lists; with none, the claims say NOT_CHECKED
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when the chip's certificate lacks what
   *     AMD puts in
   */
  public Verification<SnpClaims> verify(
      SnpReport report,
      List<X509Certificate> certificates,
      RevocationLists lists,
      ExpectedReportData expected,
      Instant at) {
    return Verification.of(() -> {
      SnpChain chain = SnpChain.pick(certificates, roots);
      chain.check(roots, at, known);
      if (!lists.isEmpty()) {
        chain.checkRevocation(lists, at, known);
      }
      SnpCertificate leaf = chain.leaf();
      Signatures.checkEcdsa(
          "report",
          Signatures.P384,
          Chains.key(leaf.what(), leaf.certificate()),
          report.signed(),
          report.signature());
      Tcb tcb = machine(report, leaf);
      expected.check("report_data", report.reportData());
      return claims(
          report, leaf, tcb, lists.isEmpty() ? Revocation.NOT_CHECKED : Revocation.CHECKED);
    });
  }

  private static Tcb machine(SnpReport report, SnpCertificate leaf) throws NotGenuineException {
    SnpProduct product = leaf.product();
    if (report.cpuFamily() != 0) {
      NotGenuineException.requireEqual(
          Reason.EVIDENCE_PRODUCT_WRONG,
          "cpuid",
          "the report is of another line of processors than the certificate",
          Optional.of(product),
          SnpProduct.of(report.cpuFamily(), report.cpuModel()));
    }
    NotGenuineException.requireEqual(
        Reason.EVIDENCE_CHAIN_WRONG,
        "key_info.signing_key",
        "the report is signed by another kind of key than the certificate's",
        leaf.isVcek() ? SnpReport.SIGNER_VCEK : SnpReport.SIGNER_VLEK,
        report.signer());
    Tcb tcb = product.tcb(report.reportedTcb());
    NotGenuineException.requireEqual(
        Reason.EVIDENCE_TCB_WRONG,
        "reported_tcb",
        "the certificate is for other versions than the report's; get the one for these",
        leaf.tcb(product),
        tcb);
    if (leaf.isVcek()) {
      chip(report, leaf, product);
    }
    return tcb;
  }

  private static void chip(SnpReport report, SnpCertificate leaf, SnpProduct product)
      throws NotGenuineException {
    int size = product.chipIdBytes();
    ByteString rest = report.chipId().substring(size);
    NotGenuineException.requireEqual(
        Reason.EVIDENCE_CHIP_WRONG,
        "chip_id",
        "the certificate is that of another chip",
        Hex.of(leaf.hardwareId(product)),
        Hex.of(Octets.isZero(rest) ? report.chipId().substring(0, size) : report.chipId()));
  }

  private static SnpClaims claims(
      SnpReport report, SnpCertificate leaf, Tcb tcb, Revocation revocation) {
    return new SnpClaims(
        leaf.product().text(),
        leaf.isVcek() ? "vcek" : "vlek",
        report.version(),
        report.vmpl(),
        report.debug(),
        report.migratable(),
        report.policy(),
        report.platformInfo(),
        report.guestSvn(),
        tcb,
        report.measurement(),
        report.reportData(),
        report.hostData(),
        report.familyId(),
        report.imageId(),
        report.idKeyDigest(),
        report.authorKeyDigest(),
        report.reportId(),
        report.chipId(),
        revocation);
  }
}
