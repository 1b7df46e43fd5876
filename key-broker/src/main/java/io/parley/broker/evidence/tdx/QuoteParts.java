package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.KnownChains;
import io.parley.broker.evidence.trust.Octets;
import java.nio.ByteOrder;
import java.security.cert.X509Certificate;
import java.util.List;

/** Parts that quotes of every version have. Stateless. */
final class QuoteParts {
  static final int MAX_QUOTE_BYTES = 16 << 10;
  static final int ECDSA_P256 = 2;

  private static final int PCK_CHAIN = 5;
  private static final ByteString INTEL = Hex.parse("939a7233f79c4ca9940a0db3957f0607");

  private QuoteParts() {}

  static Octets octets(ByteString bytes) {
    Octets in = new Octets("quote", bytes, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() > MAX_QUOTE_BYTES) {
      throw in.malformed("length", "is more than %d bytes".formatted(MAX_QUOTE_BYTES));
    }
    return in;
  }

  /**
   * The end of a header.
   *
   * @param keyType from its beginning
   */
  static void restOfHeader(Octets in, int keyType) {
    if (keyType != ECDSA_P256) {
      throw in.malformed("attestation key type", "is not ECDSA P-256");
    }
    in.take("reserved", 4);
    if (!in.take("QE vendor", INTEL.size()).equals(INTEL)) {
      throw in.malformed("QE vendor", "is not Intel");
    }
    in.take("user data", 20);
  }

  /** Where the signature data ends that begins with its size. */
  static int end(Octets in) {
    long size = in.u32("signature data size");
    if (size > in.left()) {
      throw in.malformed("signature data", "is longer than the quote");
    }
    return in.position() + (int) size;
  }

  static Octets nested(Octets in, String field, int type) {
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

  static QuotingEnclave quotingEnclave(Octets in) {
    ByteString report = in.take("QE report", SgxReport.SIZE_BYTES);
    ByteString signature = in.take("QE report signature", 64);
    ByteString data = in.take("QE authentication data", in.u16("QE authentication data size"));
    return new QuotingEnclave(SgxReport.parse("QE report", report), signature, data);
  }

  /** PEM with or without the zero that ends a text in C. */
  static List<X509Certificate> chain(Octets in, KnownChains chains) {
    Octets pck = nested(in, "PCK chain", PCK_CHAIN);
    ByteString pem = pck.take("PEM", pck.left());
    boolean terminated = !pem.isEmpty() && pem.byteAt(pem.size() - 1) == 0;
    return chains.read("PCK chain", terminated ? pem.substring(0, pem.size() - 1) : pem);
  }
}
