package io.parley.broker.evidence.collateral;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.tdx.TdxCollateral;
import io.parley.broker.evidence.tdx.TdxCollateralParser;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.RevocationLists;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Certificates, revocation lists and Intel's answers, of any vendor. None of it is believed yet.
 * Immutable.
 *
 * @param tdx each of Intel's answers by itself, in no order
 */
public record Collateral(
    List<X509Certificate> certificates, RevocationLists lists, List<TdxCollateral> tdx) {
  /** Nothing. */
  public static final Collateral NONE = new Collateral(List.of(), RevocationLists.NONE, List.of());

  public Collateral {
    certificates = List.copyOf(certificates);
    tdx = List.copyOf(tdx);
  }

  /**
   * Reads certificates and revocation lists as DER, and Intel's answers as JSON.
   *
   * @param what for messages
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when one is none of these
   */
  public static Collateral read(String what, List<ByteString> pieces) {
    List<X509Certificate> certificates = new ArrayList<>();
    List<X509CRL> lists = new ArrayList<>();
    List<TdxCollateral> tdx = new ArrayList<>();
    for (ByteString piece : pieces) {
      if (!piece.isEmpty() && piece.byteAt(0) == '{') {
        TdxCollateralParser parser = new TdxCollateralParser();
        parser.json(piece);
        tdx.add(parser.collateral());
      } else if (Certificates.isCrl(piece)) {
        lists.add(Certificates.parseCrl(what, piece));
      } else {
        certificates.add(Certificates.parse(what, piece));
      }
    }
    return new Collateral(certificates, new RevocationLists(lists), tdx);
  }

  /** This and that. */
  public Collateral and(Collateral other) {
    List<X509Certificate> all = new ArrayList<>(certificates);
    all.addAll(other.certificates);
    List<TdxCollateral> answers = new ArrayList<>(tdx);
    answers.addAll(other.tdx);
    return new Collateral(all, lists.and(other.lists), answers);
  }
}
