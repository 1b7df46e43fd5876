package io.parley.broker.cli;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Octets;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * What came on the command line.
 *
 * @param evidence decoded
 * @param certificates of the chain files, and of the collateral files
 * @param lists of the collateral files
 * @param json collateral that is JSON
 * @param collateralGiven whether there were collateral files at all
 */
record EvidenceFiles(
    ByteString evidence,
    List<X509Certificate> certificates,
    List<X509CRL> lists,
    List<ByteString> json,
    boolean collateralGiven) {
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
    List<X509CRL> lists = new ArrayList<>();
    List<ByteString> json = new ArrayList<>();
    for (Path file : collateral) {
      for (ByteString block : VendorFile.blocks(file)) {
        if (!block.isEmpty() && block.byteAt(0) == '{') {
          json.add(block);
        } else if (Certificates.isCrl(block)) {
          lists.add(Certificates.parseCrl(file.toString(), block));
        } else {
          certificates.add(Certificates.parse(file.toString(), block));
        }
      }
    }
    if (certificates.size() > MAX_CERTIFICATES) {
      throw Octets.malformed("chain", "certificates", "are more than " + MAX_CERTIFICATES);
    }
    return new EvidenceFiles(
        VendorFile.bytes(evidence), certificates, lists, json, !collateral.isEmpty());
  }
}
