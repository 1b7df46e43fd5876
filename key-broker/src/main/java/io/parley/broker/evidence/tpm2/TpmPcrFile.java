package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Registers as tpm2-tools writes them with a quote: the values alone, or the C structures that it
 * holds them in, as a little-endian machine lays them out: TPML_PCR_SELECTION with room for 16, a
 * count, and as many TPML_DIGEST with room for 8 digests of 64 bytes. What is not used is zero.
 *
 * @param selected which registers; null where the file does not tell
 * @param values from the lowest register to the highest
 */
record TpmPcrFile(@Nullable List<Integer> selected, List<ByteString> values) {
  private static final String WHAT = "PCR file";
  private static final int SELECTIONS = 16;
  private static final int SELECTION_BYTES = 8;
  private static final int SELECT_BYTES = 3;
  private static final int SELECT_ROOM_BYTES = 4;
  private static final int LISTS_MAX = 3;
  private static final int DIGESTS = 8;
  private static final int DIGEST_ROOM_BYTES = 64;

  /**
   * Reads either.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  static TpmPcrFile parse(ByteString file) {
    return file.size() <= Tpm.PCRS * Tpm.SHA256_BYTES && file.size() % Tpm.SHA256_BYTES == 0
        ? new TpmPcrFile(null, values(file))
        : structures(new Octets(WHAT, file, ByteOrder.LITTLE_ENDIAN));
  }

  private static List<ByteString> values(ByteString file) {
    List<ByteString> values = new ArrayList<>();
    for (int at = 0; at < file.size(); at += Tpm.SHA256_BYTES) {
      values.add(file.substring(at, at + Tpm.SHA256_BYTES));
    }
    return values;
  }

  private static TpmPcrFile structures(Octets in) {
    if (in.u32("selections") != 1
        || in.u16("selection.hash") != Tpm.ALG_SHA256
        || in.u8("selection.size") != SELECT_BYTES) {
      throw in.malformed("selection", "is not one of the bank sha256, as tpm2-tools writes it");
    }
    List<Integer> selected = TpmQuoteParser.selected(in.take("selection", SELECT_BYTES));
    in.zeros("selection", SELECT_ROOM_BYTES - SELECT_BYTES + 1);
    in.zeros("selections", (SELECTIONS - 1) * SELECTION_BYTES);
    long lists = in.u32("lists");
    if (lists > LISTS_MAX) {
      throw in.malformed("lists", "are more than %d".formatted(LISTS_MAX));
    }
    List<ByteString> values = new ArrayList<>();
    for (int i = 0; i < lists; i++) {
      values.addAll(digests(in));
    }
    in.end();
    return new TpmPcrFile(selected, values);
  }

  private static List<ByteString> digests(Octets in) {
    long count = in.u32("digests");
    if (count > DIGESTS) {
      throw in.malformed("digests", "are more than %d".formatted(DIGESTS));
    }
    List<ByteString> digests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (in.u16("digest.size") != Tpm.SHA256_BYTES) {
        throw in.malformed("digest", "is not %d bytes".formatted(Tpm.SHA256_BYTES));
      }
      digests.add(in.take("digest", Tpm.SHA256_BYTES));
      in.zeros("digest", DIGEST_ROOM_BYTES - Tpm.SHA256_BYTES);
    }
    in.zeros("digests", (int) (DIGESTS - count) * (Short.BYTES + DIGEST_ROOM_BYTES));
    return digests;
  }
}
