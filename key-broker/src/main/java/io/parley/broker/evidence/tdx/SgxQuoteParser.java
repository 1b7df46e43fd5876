package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import io.parley.broker.evidence.trust.KnownChains;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;

/**
 * Reads quotes of version 3 of an SGX enclave, signed with ECDSA P-256, with the machine's
 * certificate chain inside (Intel, "SGX ECDSA QuoteLibReference DCAP API", appendix A.4).
 * Thread-safe.
 */
public final class SgxQuoteParser {
  private static final int VERSION = 3;

  private final KnownChains chains = new KnownChains(0);

  /**
   * Reads.
   *
   * @throws RefusedException INVALID_EVIDENCE, or EVIDENCE_PLATFORM_WRONG for a quote of something
   *     else, or of another version
   */
  public SgxQuote parse(ByteString bytes) {
    Octets in = QuoteParts.octets(bytes);
    int version = in.u16("version");
    int keyType = in.u16("attestation key type");
    long tee = in.u32("TEE type");
    if (version != VERSION || tee != 0) {
      throw new RefusedException(
          Reason.EVIDENCE_PLATFORM_WRONG,
          "quote: it is of version %d and TEE type %x; expected version %d and 0, an SGX enclave"
              .formatted(version, tee, VERSION),
          Map.of("claim", "tee_type"));
    }
    QuoteParts.restOfHeader(in, keyType);
    SgxReport body = SgxReport.parse("quote", in.take("report", SgxReport.SIZE_BYTES));
    ByteString signed = bytes.substring(0, in.position());
    int end = QuoteParts.end(in);
    ByteString signature = in.take("signature", 64);
    ByteString key = in.take("attestation key", 64);
    QuotingEnclave enclave = QuoteParts.quotingEnclave(in);
    List<X509Certificate> chain = QuoteParts.chain(in, chains);
    if (in.position() != end) {
      throw in.malformed("signature data", "is not as long as it says");
    }
    in.end();
    return new SgxQuote(version, body, signed, signature, key, enclave, chain);
  }
}
