package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.TdxClaims.Body;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import io.parley.broker.evidence.trust.Hex;
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
  private static final int MAX_QUOTE_BYTES = 16 << 10;
  private static final int VERSION_4 = 4;
  private static final int VERSION_5 = 5;
  private static final int ECDSA_P256 = 2;
  private static final long TEE_TDX = 0x81;
  private static final ByteString INTEL = Hex.parse("939a7233f79c4ca9940a0db3957f0607");
  private static final int BODY_TD_1_0 = 2;
  private static final int BODY_TD_1_5 = 3;
  private static final int BODY_TD_1_0_BYTES = 584;
  private static final int BODY_TD_1_5_BYTES = 648;
  private static final int QUOTING_ENCLAVE_REPORT = 6;
  private static final int PCK_CHAIN = 5;
  private static final int REPORT_BYTES = 384;
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
    Octets in = new Octets("quote", bytes, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() > MAX_QUOTE_BYTES) {
      throw in.malformed("length", "is more than %d bytes".formatted(MAX_QUOTE_BYTES));
    }
    int version = header(in);
    Body body = body(in, version);
    ByteString signed = bytes.substring(0, in.position());
    long size = in.u32("signature data size");
    if (size > in.left()) {
      throw in.malformed("signature data", "is longer than the quote");
    }
    int end = in.position() + (int) size;
    ByteString signature = in.take("signature", 64);
    ByteString key = in.take("attestation key", 64);
    Octets certification = nested(in, "certification data", QUOTING_ENCLAVE_REPORT);
    if (in.position() != end) {
      throw in.malformed("signature data", "is not as long as it says");
    }
    padding(in, version);
    QuotingEnclave enclave = quotingEnclave(certification);
    Octets pck = nested(certification, "PCK chain", PCK_CHAIN);
    certification.end();
    return new TdxQuote(version, body, signed, signature, key, enclave, chain(pck));
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
    if (keyType != ECDSA_P256) {
      throw in.malformed("attestation key type", "is not ECDSA P-256");
    }
    in.take("reserved", 4);
    if (!in.take("QE vendor", INTEL.size()).equals(INTEL)) {
      throw in.malformed("QE vendor", "is not Intel");
    }
    in.take("user data", 20);
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

  private static Octets nested(Octets in, String field, int type) {
    int seen = in.u16(field + " type");
    if (seen != type) {
      throw in.malformed(field, "is of type %d, not %d".formatted(seen, type));
    }
    long size = in.u32(field + " size");
    if (size > in.left()) {
      throw in.malformed(field, "is longer than the quote");
    }
    return new Octets(field, in.take(field, (int) size), ByteOrder.LITTLE_ENDIAN);
  }

  private static void padding(Octets in, int version) {
    if (version == VERSION_4 && in.left() == PADDING_BYTES) {
      in.zeros("padding", PADDING_BYTES);
    }
    in.end();
  }

  private static QuotingEnclave quotingEnclave(Octets in) {
    ByteString report = in.take("QE report", REPORT_BYTES);
    ByteString signature = in.take("QE report signature", 64);
    ByteString data = in.take("QE authentication data", in.u16("QE authentication data size"));
    Octets fields = new Octets("QE report", report, ByteOrder.LITTLE_ENDIAN);
    fields.take("cpu_svn", 16);
    ByteString miscSelect = fields.take("misc_select", 4);
    fields.take("reserved", 28);
    ByteString attributes = fields.take("attributes", 16);
    fields.take("mr_enclave and reserved", 64);
    ByteString mrSigner = fields.take("mr_signer", 32);
    fields.take("reserved", 96);
    int productId = fields.u16("isv_prod_id");
    int svn = fields.u16("isv_svn");
    fields.take("reserved", 60);
    ByteString reportData = fields.take("report_data", 64);
    fields.end();
    return new QuotingEnclave(
        report, signature, data, miscSelect, attributes, mrSigner, productId, svn, reportData);
  }

  /** PEM with or without the zero that ends a text in C. */
  private List<X509Certificate> chain(Octets in) {
    ByteString pem = in.take("PEM", in.left());
    boolean terminated = !pem.isEmpty() && pem.byteAt(pem.size() - 1) == 0;
    return chains.read("PCK chain", terminated ? pem.substring(0, pem.size() - 1) : pem);
  }
}
