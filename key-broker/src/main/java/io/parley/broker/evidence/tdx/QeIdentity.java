package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.NotGenuineException.requireEqual;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.tdx.TcbLevels.Level;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Reason;

/** Which quoting enclaves are Intel's. */
final class QeIdentity {
  private static final String WHAT = "QE identity";
  private static final int VERSION = 2;

  private final JsonNode content;

  QeIdentity(SignedJson json) {
    this.content = json.content();
  }

  /** What holds for all of them, with collateral or without. */
  static void checkBasics(SgxReport enclave, IntelTee tee) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        "qe.mr_signer",
        "the quoting enclave is not Intel's for " + tee,
        Hex.of(tee.signer()) + " " + tee.product(),
        Hex.of(enclave.mrSigner()) + " " + enclave.productId());
    requireEqual(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        "qe.debug",
        "the quoting enclave is in debug mode",
        false,
        enclave.debug());
  }

  /** What Intel's collateral says of this one. */
  Level level(SgxReport enclave, IntelTee tee) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_COLLATERAL_WRONG,
        "qe_identity.id",
        "the QE identity is not one of version %d for %s".formatted(VERSION, tee),
        tee.qeIdentity() + " " + VERSION,
        SignedJson.text(WHAT, content, "id") + " " + SignedJson.number(WHAT, content, "version"));
    same("qe.mr_signer", "mrsigner", enclave.mrSigner());
    masked("qe.misc_select", "miscselect", Octets.reversed(enclave.miscSelect()));
    masked("qe.attributes", "attributes", enclave.attributes());
    requireEqual(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        "qe.isv_prod_id",
        "the quoting enclave is another one of Intel's",
        SignedJson.number(WHAT, content, "isvprodid"),
        enclave.productId());
    return new TcbLevels(WHAT, content)
        .bySvn(enclave.svn())
        .orElseThrow(() ->
            new NotGenuineException(
                Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
                "qe.isv_svn",
                "the quoting enclave is older than any that Intel names; update the platform",
                "one of Intel's levels",
                enclave.svn()));
  }

  private void masked(String claim, String key, ByteString seen) throws NotGenuineException {
    same(claim, key, Masks.and(seen, SignedJson.hex(WHAT, content, key + "Mask")));
  }

  private void same(String claim, String key, ByteString seen) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_QUOTING_ENCLAVE_WRONG,
        claim,
        "the quoting enclave is not as Intel's collateral has it",
        Hex.of(SignedJson.hex(WHAT, content, key)),
        Hex.of(seen));
  }
}
