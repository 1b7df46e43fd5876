package io.parley.broker.evidence.tpm2;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a quote with all that belongs to it from JSON: {@code {"ak_public": ..., "tpm_quote":
 * {"message": ..., "signature": ..., "pcrs": [...]}}}, or the inner object by itself. Bytes are hex
 * digits or base64. Stateless and thread-safe.
 */
public final class TpmEvidenceParser {
  private static final int MAX_BYTES = 64 << 10;
  private static final int MAX_DEPTH = 4;
  private static final Set<String> QUOTE_KEYS = Set.of("message", "signature", "pcrs");
  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final TpmQuoteParser quotes = new TpmQuoteParser();

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public TpmQuote parse(ByteString json) {
    JsonNode root = tree(json);
    boolean whole = root.has("tpm_quote");
    requireKeys(root, whole ? Set.of("ak_public", "tpm_quote") : QUOTE_KEYS);
    JsonNode quote = whole ? root.path("tpm_quote") : root;
    requireKeys(quote, QUOTE_KEYS);
    JsonNode key = root.path("ak_public");
    return quotes.parse(
        bytes(quote.path("message"), "message"),
        bytes(quote.path("signature"), "signature"),
        pcrs(quote.path("pcrs")),
        key.isMissingNode() ? null : TpmKey.parse(bytes(key, "ak_public")));
  }

  private static JsonNode tree(ByteString json) {
    if (json.size() > MAX_BYTES) {
      throw malformed("length", "is more than %d bytes".formatted(MAX_BYTES));
    }
    try {
      @Nullable JsonNode root = STRICT.readTree(json.toByteArray());
      if (root != null && root.isObject()) {
        return root;
      }
      throw malformed("JSON", "is no object");
    } catch (JsonProcessingException e) {
      throw malformed("JSON", "cannot be read");
    } catch (IOException e) {
      throw malformed("JSON", "is no text");
    }
  }

  private static void requireKeys(JsonNode object, Set<String> known) {
    Iterator<String> keys = object.fieldNames();
    while (keys.hasNext()) {
      if (!known.contains(keys.next())) {
        throw malformed("JSON", "has a key that is not known");
      }
    }
  }

  private static List<ByteString> pcrs(JsonNode list) {
    if (!list.isArray() || list.size() > Tpm.PCRS) {
      throw malformed("pcrs", "are no list of at most %d".formatted(Tpm.PCRS));
    }
    List<ByteString> pcrs = new ArrayList<>();
    for (JsonNode each : list) {
      pcrs.add(bytes(each, "pcrs"));
    }
    return pcrs;
  }

  private static ByteString bytes(JsonNode value, String field) {
    if (!value.isTextual()) {
      throw malformed(field, "is missing or no text");
    }
    String text = value.textValue();
    try {
      return text.matches("[0-9a-fA-F]*")
          ? Hex.parse(text)
          : ByteString.copyFrom(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw malformed(field, "is neither hex digits nor base64");
    }
  }

  private static RefusedException malformed(String field, String problem) {
    return Octets.malformed("TPM evidence", field, problem);
  }
}
