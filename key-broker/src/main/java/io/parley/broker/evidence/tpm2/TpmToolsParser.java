package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import java.util.List;

/** Reads a quote from the files that tpm2-tools writes. Stateless and thread-safe. */
public final class TpmToolsParser {
  private final TpmQuoteParser quotes = new TpmQuoteParser();

  /**
   * Reads.
   *
   * @param message of {@code tpm2_quote -m}
   * @param signature of {@code -s}, with or without {@code -f plain}
   * @param pcrs of {@code -o}, with or without {@code -F values}
   * @param key of {@code tpm2_readpublic} or {@code tpm2_createak}: as {@link TpmKey#parse} takes
   *     it
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote parse(ByteString message, ByteString signature, ByteString pcrs, ByteString key) {
    TpmPcrFile file = TpmPcrFile.parse(pcrs);
    TpmQuote quote = quotes.parse(message, signature, file.values(), TpmKey.parse(key));
    List<Integer> selected = file.selected();
    if (selected != null && !selected.equals(List.copyOf(quote.pcrs().keySet()))) {
      throw Octets.malformed("PCR file", "selection", "is not that of the quote");
    }
    return quote;
  }
}
