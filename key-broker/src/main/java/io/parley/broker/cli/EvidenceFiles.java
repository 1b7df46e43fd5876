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
 * @param lists of the chain files, and of the collateral files
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
  private static final ByteString JSON = ByteString.copyFromUtf8("{");

  /**
   * Reads them all.
   *
   * @throws IOException when one cannot be read
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when one is not what it should be
   */
  static EvidenceFiles read(Path evidence, List<Path> chain, List<Path> collateral)
      throws IOException {
    return sorted(VendorFile.bytes(evidence), blocks(chain), blocks(collateral));
  }

  /**
   * From bytes that came some other way.
   *
   * @throws io.parley.wire.RefusedException as {@link #read}
   */
  static EvidenceFiles of(
      ByteString evidence, List<ByteString> chain, List<ByteString> collateral) {
    return sorted(
        evidence,
        chain.stream().map(bytes -> new Block("certificates", bytes)).toList(),
        collateral.stream().map(bytes -> new Block("collateral", bytes)).toList());
  }

  /**
   * One thing of a vendor's.
   *
   * @param from for messages
   */
  private record Block(String from, ByteString bytes) {}

  private static List<Block> blocks(List<Path> files) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (Path file : files) {
      for (ByteString bytes : VendorFile.blocks(file)) {
        blocks.add(new Block(file.toString(), bytes));
      }
    }
    return blocks;
  }

  private static EvidenceFiles sorted(
      ByteString evidence, List<Block> chain, List<Block> collateral) {
    List<X509Certificate> certificates = new ArrayList<>();
    List<X509CRL> lists = new ArrayList<>();
    List<ByteString> json = new ArrayList<>();
    chain.forEach(block -> sort(block, certificates, lists));
    for (Block block : collateral) {
      if (block.bytes().startsWith(JSON)) {
        json.add(block.bytes());
      } else {
        sort(block, certificates, lists);
      }
    }
    if (certificates.size() > MAX_CERTIFICATES) {
      throw Octets.malformed("chain", "certificates", "are more than " + MAX_CERTIFICATES);
    }
    return new EvidenceFiles(evidence, certificates, lists, json, !collateral.isEmpty(), null);
  }

  /** The same, with what belongs to the quote. */
  EvidenceFiles with(QuoteParts quote) {
    return new EvidenceFiles(evidence, certificates, lists, json, collateralGiven, quote);
  }

  /** An SEV-SNP host's table has revocation lists beside the chain. */
  private static void sort(Block block, List<X509Certificate> certificates, List<X509CRL> lists) {
    if (Certificates.isCrl(block.bytes())) {
      lists.add(Certificates.parseCrl(block.from(), block.bytes()));
    } else {
      certificates.add(Certificates.parse(block.from(), block.bytes()));
    }
  }
}
