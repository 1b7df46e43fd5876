package io.parley.broker.evidence.sevsnp;

import io.parley.broker.evidence.trust.Chains;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** Certificates for a report: those that came with it, and what they lack. Stateless. */
public final class SnpCertificates {
  private SnpCertificates() {}

  /**
   * Adds the chip's certificate where none came, and issuers that did not come.
   *
   * @param atHand of any chips and products; a chip's is taken only if it is about this report's
   *     machine and versions
   */
  public static List<X509Certificate> complete(
      SnpReport report, List<X509Certificate> came, List<X509Certificate> atHand) {
    List<X509Certificate> all = new ArrayList<>(came);
    if (came.stream().noneMatch(SnpCertificate::isOne)) {
      atHand.stream()
          .filter(SnpCertificate::isOne)
          .filter(each -> isFor(report, new SnpCertificate(each)))
          .findFirst()
          .ifPresent(all::add);
    }
    return Chains.complete(all, atHand);
  }

  private static boolean isFor(SnpReport report, SnpCertificate leaf) {
    try {
      SnpProduct product = leaf.product();
      boolean signs =
          report.signer() == (leaf.isVcek() ? SnpReport.SIGNER_VCEK : SnpReport.SIGNER_VLEK);
      return signs
          && leaf.tcb(product).equals(product.tcb(report.reportedTcb()))
          && (!leaf.isVcek()
              || leaf.hardwareId(product)
                  .equals(report.chipId().substring(0, product.chipIdBytes())));
    } catch (RefusedException e) {
      // A certificate that lacks what AMD puts in is for no report.
      return false;
    }
  }
}
