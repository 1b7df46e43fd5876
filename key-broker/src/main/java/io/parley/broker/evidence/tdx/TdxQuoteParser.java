package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.TdxClaims.Body;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import io.parley.broker.evidence.trust.KnownChains;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads quotes of versions 4 and 5 of a TD, signed with ECDSA P-256, with the machine's certificate
 * chain inside (Intel, "TDX DCAP Quoting Library API", appendix A.3 and A.4). Thread-safe.
 */
public final class TdxQuoteParser {
  private static final int VERSION_4 = 4;
  private static final int VERSION_5 = 5;
  private static final long TEE_TDX = 0x81;
  private static final int BODY_TD_1_0 = 2;
  private static final int BODY_TD_1_5 = 3;
  private static final int BODY_TD_1_0_BYTES = 584;
  private static final int BODY_TD_1_5_BYTES = 648;
  private static final int QUOTING_ENCLAVE_REPORT = 6;
  private static final int RTMRS = 4;
  private static final int VERSION_4_SIZE_AT = 48 + BODY_TD_1_0_BYTES;
  private static final int VERSION_5_SIZE_AT = 54 + BODY_TD_1_5_BYTES;
  private static final Pattern REMARK = Pattern.compile("\n[ -~]{16,128}\n?");

  /**
   * The quote generation service hands out buffers of the size of the larger body with its head;
   * what a smaller quote leaves is zero.
   */
  private static final int PADDING_BYTES = BODY_TD_1_5_BYTES - BODY_TD_1_0_BYTES + 6;

  private final KnownChains chains;

  /** One that remembers nothing. */
  public TdxQuoteParser() {
    this(new KnownChains(0));
  }

  /**
   * @param chains may be shared
   */
  public TdxQuoteParser(KnownChains chains) {
    this.chains = chains;
  }

  /**
   * Reads.
   *
   * @throws RefusedException INVALID_EVIDENCE, or EVIDENCE_PLATFORM_WRONG for a quote that is not
   *     of a TD
   */
  public TdxQuote parse(ByteString bytes) {
    Octets in = QuoteParts.octets(bytes);
    int version = header(in);
    Body body = body(in, version);
    ByteString signed = bytes.substring(0, in.position());
    int end = QuoteParts.end(in);
    ByteString signature = in.take("signature", 64);
    ByteString key = in.take("attestation key", 64);
    Octets certification = QuoteParts.nested(in, "certification data", QUOTING_ENCLAVE_REPORT);
    if (in.position() != end) {
      throw in.malformed("signature data", "is not as long as it says");
    }
    padding(in, version);
    QuotingEnclave enclave = QuoteParts.quotingEnclave(certification);
    List<X509Certificate> chain = QuoteParts.chain(certification, chains);
    certification.end();
    return new TdxQuote(version, body, signed, signature, key, enclave, chain);
  }

  /**
   * A published quote without the one-line remark that some files have after it: a line feed, then
   * printable characters only. Anything else stays, for {@link #parse} to refuse.
   */
  public static ByteString withoutRemark(ByteString file) {
    int sizeAt = VERSION_4_SIZE_AT;
    if (file.size() > VERSION_5_SIZE_AT && file.byteAt(0) == VERSION_5) {
      sizeAt = VERSION_5_SIZE_AT;
    }
    if (file.size() < sizeAt + Integer.BYTES || file.byteAt(0) < VERSION_4) {
      return file;
    }
    Octets in = new Octets("quote", file.substring(sizeAt, file.size()), ByteOrder.LITTLE_ENDIAN);
    long end = sizeAt + Integer.BYTES + in.u32("signature data size");
    if (end >= file.size()) {
      return file;
    }
    String rest = file.substring((int) end).toString(StandardCharsets.ISO_8859_1);
    return REMARK.matcher(rest).matches() ? file.substring(0, (int) end) : file;
  }

  private static int header(Octets in) {
    int version = in.u16("version");
    int keyType = in.u16("attestation key type");
    long tee = in.u32("TEE type");
    if (tee != TEE_TDX) {
      throw new RefusedException(
          Reason.EVIDENCE_PLATFORM_WRONG,
          "quote: the TEE type is %x; expected %x, a TD".formatted(tee, TEE_TDX),
          Map.of("claim", "tee_type"));
    }
    if (version != VERSION_4 && version != VERSION_5) {
      throw in.malformed("version", "is %d; known are 4 and 5".formatted(version));
    }
    QuoteParts.restOfHeader(in, keyType);
    return version;
  }

  private static Body body(Octets in, int version) {
    boolean later = false;
    if (version == VERSION_5) {
      int type = in.u16("body type");
      long size = in.u32("body size");
      later = type == BODY_TD_1_5;
      if (type != BODY_TD_1_0 && type != BODY_TD_1_5
          || size != (later ? BODY_TD_1_5_BYTES : BODY_TD_1_0_BYTES)) {
        throw in.malformed("body", "is neither a TD report 1.0 nor 1.5");
      }
    }
    ByteString teeTcbSvn = in.take("tee_tcb_svn", 16);
    ByteString mrSeam = in.take("mr_seam", 48);
    ByteString mrSignerSeam = in.take("mr_signer_seam", 48);
    ByteString seamAttributes = in.take("seam_attributes", 8);
    ByteString tdAttributes = in.take("td_attributes", 8);
    ByteString xfam = in.take("xfam", 8);
    ByteString mrTd = in.take("mr_td", 48);
    ByteString mrConfigId = in.take("mr_config_id", 48);
    ByteString mrOwner = in.take("mr_owner", 48);
    ByteString mrOwnerConfig = in.take("mr_owner_config", 48);
    List<ByteString> rtmrs = new ArrayList<>();
    for (int i = 0; i < RTMRS; i++) {
      rtmrs.add(in.take("rtmr", 48));
    }
    ByteString reportData = in.take("report_data", 64);
    ByteString mrServiceTd = ByteString.EMPTY;
    if (later) {
      in.take("tee_tcb_svn_2", 16);
      mrServiceTd = in.take("mr_service_td", 48);
    }
    return new Body(
        teeTcbSvn,
        mrSeam,
        mrSignerSeam,
        seamAttributes,
        tdAttributes,
        xfam,
        mrTd,
        mrConfigId,
        mrOwner,
        mrOwnerConfig,
        rtmrs,
        reportData,
        mrServiceTd);
  }

  private static void padding(Octets in, int version) {
    if (version == VERSION_4 && in.left() == PADDING_BYTES) {
      in.zeros("padding", PADDING_BYTES);
    }
    in.end();
  }
}
