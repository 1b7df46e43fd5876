package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.NotGenuineException.requireEqual;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;

/** Who signed a quote of Intel's. Stateless. */
final class QuoteSignatures {
  private QuoteSignatures() {}

  /**
   * From the machine's key over Intel's quoting enclave to the attestation key, and from that to
   * the quote.
   *
   * @param pck the certificate of the machine's key, whose chain has been checked
   */
  static void check(IntelQuote quote, X509Certificate pck) throws NotGenuineException {
    checkQuotingEnclave(quote, pck);
    Signatures.checkEcdsa(
        "quote",
        Signatures.P256,
        Signatures.p256Key("quote", quote.attestationKey()),
        quote.signed(),
        quote.signature());
  }

  /** The machine's key vouches for the enclave, and the enclave for the attestation key. */
  private static void checkQuotingEnclave(IntelQuote quote, X509Certificate pck)
      throws NotGenuineException {
    QuotingEnclave enclave = quote.quotingEnclave();
    Signatures.checkEcdsa(
        "qe_report",
        Signatures.P256,
        Chains.key("PCK", pck),
        enclave.report().bytes(),
        enclave.signature());
    ByteString bound =
        Digest.of(quote.attestationKey().concat(enclave.authenticationData())).value();
    requireEqual(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        "qe_report.report_data",
        "the quoting enclave does not vouch for the key that signed the quote",
        Hex.of(bound.concat(ByteString.copyFrom(new byte[Digest.SIZE_BYTES]))),
        Hex.of(enclave.report().reportData()));
    QeIdentity.checkBasics(enclave.report(), quote.tee());
  }
}
