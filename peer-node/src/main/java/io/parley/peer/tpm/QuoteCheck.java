package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.io.IOException;
import java.util.SortedMap;

/**
 * Whether a quote is about these registers, with these values (TPMS_ATTEST: TPM 2.0 Library, Part
 * 2, section 10.12.12). Not whether it is signed: that is the broker's to judge. It is looked at
 * here, because registers may have grown between reading and quoting.
 */
final class QuoteCheck {
  private static final int NAME_BYTES_MAX = 68;
  private static final int CLOCK_INFO_BYTES = 17;
  private static final int FIRMWARE_BYTES = 8;

  private QuoteCheck() {}

  /**
   * Whether the quote's digest is that of these values.
   *
   * @throws IOException when it is no quote, over other bytes or other registers
   */
  static boolean isOver(ByteString attest, ByteString extraData, SortedMap<Integer, Digest> pcrs)
      throws IOException {
    Response in = new Response("Quote", attest);
    in.expect("magic", in.u32("magic"), Tpm2.GENERATED_VALUE);
    in.expect("type", in.u16("type"), Tpm2.ST_ATTEST_QUOTE);
    in.sized("qualifiedSigner", NAME_BYTES_MAX);
    boolean same = in.sized("extraData", Tpm2.SHA256_BYTES * 2).equals(extraData);
    in.take("clockInfo", CLOCK_INFO_BYTES);
    in.take("firmwareVersion", FIRMWARE_BYTES);
    ByteString selection = TpmClient.selection(pcrs.keySet());
    same &= in.take("pcrSelect", selection.size()).equals(selection);
    ByteString digest = in.sized("pcrDigest", Tpm2.SHA256_BYTES * 2);
    in.end();
    if (!same) {
      throw new IOException(
          "the TPM's quote is over other data or registers than it was asked for");
    }
    ByteString values = ByteString.EMPTY;
    for (Digest value : pcrs.values()) {
      values = values.concat(value.value());
    }
    return digest.equals(Digest.of(values).value());
  }
}
