package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads quotes over PCRs of the bank sha256 (TPM 2.0 Library, Part 2, section 10.12), signed with
 * SHA-256 by RSASSA, RSAPSS or ECDSA over P-256. Stateless and thread-safe.
 */
public final class TpmQuoteParser {
  private static final int MAX_ATTEST_BYTES = 1024;
  private static final int MAX_SIGNATURE_BYTES = 1024;
  private static final int MAX_NAME_BYTES = 66;
  private static final int MAX_EXTRA_BYTES = 64;
  private static final int SELECT_BYTES = 3;

  /**
   * Reads.
   *
   * @param attest TPMS_ATTEST
   * @param signature in any form that {@link TpmSignature#parse} takes
   * @param pcrs the selected ones' values, from the lowest to the highest
   * @param key null where it did not come along
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote parse(
      ByteString attest, ByteString signature, List<ByteString> pcrs, @Nullable TpmKey key) {
    requireSizes(attest, signature);
    return parse(attest, TpmSignature.parse(signature, key), pcrs, key);
  }

  private static TpmQuote parse(
      ByteString attest, TpmSignature signature, List<ByteString> pcrs, @Nullable TpmKey key) {
    Octets in = new Octets("TPM quote", attest, ByteOrder.BIG_ENDIAN);
    if (in.u32("magic") != Tpm.GENERATED_VALUE || in.u16("type") != Tpm.ST_ATTEST_QUOTE) {
      throw in.malformed("magic or type", "is not that of a quote");
    }
    sized(in, "qualifiedSigner", MAX_NAME_BYTES);
    ByteString extraData = sized(in, "extraData", MAX_EXTRA_BYTES);
    in.u64("clock");
    long resetCount = in.u32("resetCount");
    long restartCount = in.u32("restartCount");
    in.u8("safe");
    long firmware = in.u64("firmwareVersion");
    SortedMap<Integer, ByteString> values = values(selected(in), pcrs);
    ByteString pcrDigest = sized(in, "pcrDigest", Tpm.SHA256_BYTES);
    in.end();
    return new TpmQuote(
        attest,
        signature.algorithm(),
        signature.value(),
        extraData,
        resetCount,
        restartCount,
        firmware,
        values,
        pcrDigest,
        key);
  }

  /**
   * As {@link #parse}, with the registers by index, which must be exactly the selected ones, and
   * with a TPMT_SIGNATURE only.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote parseStrictly(
      ByteString attest, ByteString signature, SortedMap<Integer, ByteString> pcrs, TpmKey key) {
    requireSizes(attest, signature);
    TpmQuote quote =
        parse(attest, TpmSignature.parseStructure(signature), List.copyOf(pcrs.values()), key);
    if (!quote.pcrs().equals(pcrs)) {
      throw Octets.malformed("TPM quote", "pcrs", "are not those that the quote selects");
    }
    return quote;
  }

  private static void requireSizes(ByteString attest, ByteString signature) {
    if (attest.size() > MAX_ATTEST_BYTES || signature.size() > MAX_SIGNATURE_BYTES) {
      throw Octets.malformed("TPM quote", "length", "is too much");
    }
  }

  private static List<Integer> selected(Octets in) {
    if (in.u32("pcrSelect.count") != 1
        || in.u16("pcrSelect.hash") != Tpm.ALG_SHA256
        || in.u8("pcrSelect.size") != SELECT_BYTES) {
      throw in.malformed("pcrSelect", "is not one selection of the bank sha256");
    }
    return selected(in.take("pcrSelect", SELECT_BYTES));
  }

  /** The registers whose bits are set. */
  static List<Integer> selected(ByteString select) {
    List<Integer> selected = new ArrayList<>();
    for (int octet = 0; octet < SELECT_BYTES; octet++) {
      int bits = Byte.toUnsignedInt(select.byteAt(octet));
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        if ((bits >>> bit & 1) != 0) {
          selected.add(octet * Byte.SIZE + bit);
        }
      }
    }
    return selected;
  }

  private static SortedMap<Integer, ByteString> values(
      List<Integer> selected, List<ByteString> pcrs) {
    if (pcrs.size() != selected.size()) {
      throw Octets.malformed(
          "TPM quote",
          "pcrs",
          "are %d; the quote selects %d".formatted(pcrs.size(), selected.size()));
    }
    SortedMap<Integer, ByteString> values = new TreeMap<>();
    for (int i = 0; i < pcrs.size(); i++) {
      if (pcrs.get(i).size() != Tpm.SHA256_BYTES) {
        throw Octets.malformed("TPM quote", "pcrs", "are not %d bytes".formatted(Tpm.SHA256_BYTES));
      }
      values.put(selected.get(i), pcrs.get(i));
    }
    return values;
  }

  private static ByteString sized(Octets in, String field, int most) {
    int size = in.u16(field + ".size");
    if (size > most) {
      throw in.malformed(field, "is more than %d bytes".formatted(most));
    }
    return in.take(field, size);
  }
}
