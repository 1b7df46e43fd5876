package io.parley.broker.evidence.tdx;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import io.parley.broker.evidence.trust.Validity;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * JSON that Intel signed as the very text that it is.
 *
 * @param text what is signed
 * @param signature r || s on P-256
 */
record SignedJson(String what, ByteString text, JsonNode content, ByteString signature) {
  static final int MAX_TEXT_BYTES = 256 << 10;

  private static final int MAX_DEPTH = 16;
  private static final int SIGNATURE_BYTES = 64;
  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxDocumentLength(8L * MAX_TEXT_BYTES)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * From a text and its signature.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  static SignedJson of(String what, ByteString text, String signature) {
    if (text.size() > MAX_TEXT_BYTES) {
      throw Octets.malformed(what, "text", "is more than %d bytes".formatted(MAX_TEXT_BYTES));
    }
    ByteString bytes = hex(what, "signature", signature);
    if (bytes.size() != SIGNATURE_BYTES) {
      throw Octets.malformed(what, "signature", "is not %d bytes".formatted(SIGNATURE_BYTES));
    }
    return new SignedJson(what, text, tree(what, text), bytes);
  }

  /**
   * From Intel's answer: an object of the signed text, exactly as it stands there, and its
   * signature.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  static SignedJson ofAnswer(String what, ByteString answer, String key) {
    byte[] bytes = answer.toByteArray();
    try (JsonParser parser = STRICT.createParser(bytes)) {
      ByteString text = null;
      String signature = null;
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (field.equals(key) && value == JsonToken.START_OBJECT) {
          int from = (int) parser.currentTokenLocation().getByteOffset();
          parser.skipChildren();
          int to = (int) parser.currentLocation().getByteOffset();
          text = answer.substring(from, to);
        } else if (field.equals("signature") && value == JsonToken.VALUE_STRING) {
          signature = parser.getText();
        } else {
          throw Octets.malformed(what, "answer", "has something else in it");
        }
      }
      if (text == null || signature == null || parser.nextToken() != null) {
        throw Octets.malformed(what, "answer", "is not '%s' and its signature".formatted(key));
      }
      return of(what, text, signature);
    } catch (IOException e) {
      throw Octets.malformed(what, "answer", "is not JSON");
    }
  }

  /**
   * From when to when Intel says this.
   *
   * @throws RefusedException INVALID_EVIDENCE when it does not say
   */
  Validity validity() {
    return new Validity(time(what, content, "issueDate"), time(what, content, "nextUpdate"));
  }

  /** Strictly: no key twice, nothing after it, not too deep. */
  static JsonNode tree(String what, ByteString text) {
    try {
      JsonNode tree = STRICT.readTree(text.toByteArray());
      if (!tree.isObject()) {
        throw Octets.malformed(what, "text", "is no JSON object");
      }
      return tree;
    } catch (IOException e) {
      throw Octets.malformed(what, "text", "is not JSON");
    }
  }

  static String text(String what, JsonNode object, String key) {
    JsonNode value = object.path(key);
    if (!value.isTextual()) {
      throw Octets.malformed(what, key, "is missing or no text");
    }
    return value.textValue();
  }

  static ByteString hex(String what, JsonNode object, String key) {
    return hex(what, key, text(what, object, key));
  }

  static int number(String what, JsonNode object, String key) {
    JsonNode value = object.path(key);
    if (!value.isInt() || value.intValue() < 0) {
      throw Octets.malformed(what, key, "is missing or no number");
    }
    return value.intValue();
  }

  static JsonNode list(String what, JsonNode object, String key) {
    JsonNode value = object.path(key);
    if (!value.isArray()) {
      throw Octets.malformed(what, key, "is missing or no list");
    }
    return value;
  }

  static Instant time(String what, JsonNode object, String key) {
    try {
      return Instant.parse(text(what, object, key));
    } catch (DateTimeException e) {
      throw Octets.malformed(what, key, "is no time");
    }
  }

  private static ByteString hex(String what, String key, String digits) {
    try {
      return Hex.parse(digits);
    } catch (IllegalArgumentException e) {
      throw Octets.malformed(what, key, "is not hex digits");
    }
  }
}
