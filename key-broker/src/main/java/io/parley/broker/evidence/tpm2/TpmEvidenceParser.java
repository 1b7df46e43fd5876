package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.StrictJson;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a quote with all that belongs to it from JSON: {@code {"ak_public": ..., "tpm_quote":
 * {"message": ..., "signature": ..., "pcrs": [...]}}}, or the inner object by itself. Bytes are as
 * {@link StrictJson#bytes} has them. Stateless and thread-safe.
 */
public final class TpmEvidenceParser {
  private static final int MAX_BYTES = 64 << 10;
  private static final String KEY = "ak_public";
  private static final String QUOTE = "tpm_quote";
  private static final Set<String> QUOTE_KEYS = Set.of("message", "signature", "pcrs");

  private final TpmQuoteParser quotes = new TpmQuoteParser();

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote parse(ByteString json) {
    StrictJson root = StrictJson.parse("TPM evidence", json, MAX_BYTES);
    if (!root.has(QUOTE)) {
      return quote(root, null);
    }
    root.requireKeys(Set.of(KEY, QUOTE));
    return quote(root.object(QUOTE), root.has(KEY) ? TpmKey.parse(root.bytes(KEY)) : null);
  }

  /**
   * The inner object.
   *
   * @param key null where it did not come along
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote quote(StrictJson json, @Nullable TpmKey key) {
    json.requireKeys(QUOTE_KEYS);
    return quotes.parse(
        json.bytes("message"), json.bytes("signature"), json.listOfBytes("pcrs", Tpm.PCRS), key);
  }
}
