package io.parley.broker.cli;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.collateral.VendorFile;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Octets;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came on the command line.
 *
 * @param evidence decoded
 * @param certificates of the chain files, and of the collateral files
 * @param lists of the collateral files
 * @param json collateral that is JSON
 * @param collateralGiven whether there were collateral files at all
 * @param parts of a quote; null where the evidence is one file
 */
record EvidenceFiles(
    ByteString evidence,
    List<X509Certificate> certificates,
    List<X509CRL> lists,
    List<ByteString> json,
    boolean collateralGiven,
    @Nullable QuoteParts parts) {
  private static final int MAX_CERTIFICATES = 32;

  /**
   * Reads them all.
   *
   * @throws IOException when one cannot be read
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when one is not what it should be
   */
  static EvidenceFiles read(Path evidence, List<Path> chain, List<Path> collateral)
      throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Path file : chain) {
      for (ByteString block : VendorFile.blocks(file)) {
        certificates.add(Certificates.parse(file.toString(), block));
      }
    }
    List<ByteString> published = new ArrayList<>();
    for (Path file : collateral) {
      published.addAll(VendorFile.blocks(file));
    }
    return sorted(VendorFile.bytes(evidence), certificates, published, !collateral.isEmpty());
  }

  /**
   * From bytes that came some other way.
   *
   * @throws io.parley.wire.RefusedException as {@link #read}
   */
  static EvidenceFiles of(
      ByteString evidence, List<ByteString> chain, List<ByteString> collateral) {
    List<X509Certificate> certificates = new ArrayList<>();
    chain.forEach(each -> certificates.add(Certificates.parse("certificates", each)));
    return sorted(evidence, certificates, collateral, !collateral.isEmpty());
  }

  private static EvidenceFiles sorted(
      ByteString evidence,
      List<X509Certificate> chain,
      List<ByteString> collateral,
      boolean collateralGiven) {
    List<X509Certificate> certificates = new ArrayList<>(chain);
    List<X509CRL> lists = new ArrayList<>();
    List<ByteString> json = new ArrayList<>();
    for (ByteString block : collateral) {
      if (!block.isEmpty() && block.byteAt(0) == '{') {
        json.add(block);
      } else if (Certificates.isCrl(block)) {
        lists.add(Certificates.parseCrl("collateral", block));
      } else {
        certificates.add(Certificates.parse("collateral", block));
      }
    }
    if (certificates.size() > MAX_CERTIFICATES) {
      throw Octets.malformed("chain", "certificates", "are more than " + MAX_CERTIFICATES);
    }
    return new EvidenceFiles(evidence, certificates, lists, json, collateralGiven, null);
  }

  /** The same, with what belongs to the quote. */
  EvidenceFiles with(QuoteParts quote) {
    return new EvidenceFiles(evidence, certificates, lists, json, collateralGiven, quote);
  }
}
