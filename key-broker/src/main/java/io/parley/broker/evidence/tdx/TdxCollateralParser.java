package io.parley.broker.evidence.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.RefusedException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads collateral piece by piece: Intel's answers for TCB info and QE identity, revocation lists,
 * and the one JSON object of everything that DCAP libraries hand out. Not thread-safe.
 */
public final class TdxCollateralParser {
  private static final int MAX_LISTS = 8;

  private final List<X509Certificate> certificates = new ArrayList<>();
  private final List<X509CRL> lists = new ArrayList<>();
  private @Nullable SignedJson tcbInfo;
  private @Nullable SignedJson qeIdentity;

  /**
   * One JSON object, of any of the three kinds.
   *
   * @throws RefusedException INVALID_EVIDENCE, also for what is there already
   */
  public void json(ByteString text) {
    if (text.size() > 8 * SignedJson.MAX_TEXT_BYTES) {
      throw Octets.malformed("collateral", "text", "is too long");
    }
    JsonNode tree = SignedJson.tree("collateral", text);
    if (tree.has("tcbInfo")) {
      once("TCB info", tcbInfo);
      tcbInfo = SignedJson.ofAnswer("TCB info", text, "tcbInfo");
    } else if (tree.has("enclaveIdentity")) {
      once("QE identity", qeIdentity);
      qeIdentity = SignedJson.ofAnswer("QE identity", text, "enclaveIdentity");
    } else {
      bundle(tree);
    }
  }

  /** Certificates of the key that signs TCB info and QE identity. */
  public void certificates(List<X509Certificate> chain) {
    if (certificates.size() + chain.size() > 4 * Certificates.MAX_CHAIN) {
      throw Octets.malformed("collateral", "certificates", "are too many");
    }
    certificates.addAll(chain);
  }

  /** A revocation list. */
  public void list(X509CRL list) {
    if (lists.size() == MAX_LISTS) {
      throw Octets.malformed("collateral", "revocation lists", "are too many");
    }
    lists.add(list);
  }

  /** Everything so far. */
  public TdxCollateral collateral() {
    return new TdxCollateral(tcbInfo, qeIdentity, certificates, new RevocationLists(lists));
  }

  private void bundle(JsonNode tree) {
    once("TCB info", tcbInfo);
    once("QE identity", qeIdentity);
    tcbInfo = SignedJson.of("TCB info", raw(tree, "tcb_info"), text(tree, "tcb_info_signature"));
    qeIdentity =
        SignedJson.of("QE identity", raw(tree, "qe_identity"), text(tree, "qe_identity_signature"));
    for (String key : List.of("tcb_info_issuer_chain", "qe_identity_issuer_chain")) {
      certificates(Certificates.parsePem(key, text(tree, key)));
    }
    for (String key : List.of("root_ca_crl", "pck_crl")) {
      list(Certificates.parseCrl(key, hex(key, text(tree, key))));
    }
  }

  private static ByteString hex(String key, String digits) {
    try {
      return Hex.parse(digits);
    } catch (IllegalArgumentException e) {
      throw Octets.malformed("collateral", key, "is not hex digits");
    }
  }

  private static ByteString raw(JsonNode tree, String key) {
    return ByteString.copyFromUtf8(text(tree, key));
  }

  private static String text(JsonNode tree, String key) {
    return SignedJson.text("collateral", tree, key);
  }

  private static void once(String what, @Nullable SignedJson there) {
    if (there != null) {
      throw Octets.malformed("collateral", what, "is there twice");
    }
  }
}
