package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A well-formed quote with the PCR values that it is about; nothing in it has been checked.
 *
 * @param signed TPMS_ATTEST, as the TPM signed it
 * @param algorithm of the signature, by its Java name
 * @param pcrs the values that came along, for exactly the PCRs that the quote selects
 * @param pcrDigest what the TPM quoted
 * @param key that should have signed; null where it did not come along
 */
public record TpmQuote(
    ByteString signed,
    String algorithm,
    ByteString signature,
    ByteString extraData,
    long resetCount,
    long restartCount,
    long firmwareVersion,
    SortedMap<Integer, ByteString> pcrs,
    ByteString pcrDigest,
    @Nullable TpmKey key) {
  public TpmQuote {
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
  }
}
