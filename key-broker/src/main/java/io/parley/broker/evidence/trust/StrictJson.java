package io.parley.broker.evidence.trust;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An object of JSON that a stranger wrote: no key twice, nothing after it, not too deep. Immutable.
 *
 * @param what for messages
 */
public record StrictJson(String what, JsonNode object) {
  private static final int MAX_DEPTH = 4;
  private static final int OCTET_MAX = 0xff;
  private static final Pattern HEX = Pattern.compile("[0-9a-fA-F]*");
  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Reads.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public static StrictJson parse(String what, ByteString text, int maxBytes) {
    if (text.size() > maxBytes) {
      throw Octets.malformed(what, "length", "is more than %d bytes".formatted(maxBytes));
    }
    try {
      @Nullable JsonNode root = STRICT.readTree(text.toByteArray());
      return of(what, "JSON", root);
    } catch (IOException e) {
      throw Octets.malformed(what, "JSON", "cannot be read");
    }
  }

  private static StrictJson of(String what, String field, @Nullable JsonNode value) {
    if (value == null || !value.isObject()) {
      throw Octets.malformed(what, field, "is missing or no object");
    }
    return new StrictJson(what, value);
  }

  /** Whether there is anything under this key. */
  public boolean has(String key) {
    return object.has(key);
  }

  /** Refuses every other key. */
  public void requireKeys(Set<String> known) {
    Iterator<String> keys = object.fieldNames();
    while (keys.hasNext()) {
      if (!known.contains(keys.next())) {
        throw malformed("JSON", "has a key that is not known");
      }
    }
  }

  /** An object in it. */
  public StrictJson object(String key) {
    return of(what, key, object.path(key));
  }

  /** Objects in it. */
  public List<StrictJson> objects(String key, int most) {
    List<StrictJson> objects = new ArrayList<>();
    list(key, most).forEach(each -> objects.add(of(what, key, each)));
    return objects;
  }

  /** Text. */
  public String text(String key) {
    return text(key, object.path(key));
  }

  /** Texts. */
  public List<String> texts(String key, int most) {
    List<String> texts = new ArrayList<>();
    list(key, most).forEach(each -> texts.add(text(key, each)));
    return texts;
  }

  /** Bytes as hex digits, base64 of either alphabet, or a list of numbers. */
  public ByteString bytes(String key) {
    return bytes(key, object.path(key));
  }

  /** Several times {@link #bytes}. */
  public List<ByteString> listOfBytes(String key, int most) {
    List<ByteString> all = new ArrayList<>();
    list(key, most).forEach(each -> all.add(bytes(key, each)));
    return all;
  }

  /** Bytes as base64, also where they happen to be written without any letter but a to f. */
  public ByteString base64(String key) {
    return base64(key, text(key));
  }

  /** A refusal of the whole because of one field. */
  public RefusedException malformed(String field, String problem) {
    return Octets.malformed(what, field, problem);
  }

  private JsonNode list(String key, int most) {
    JsonNode list = object.path(key);
    if (!list.isArray() || list.size() > most) {
      throw malformed(key, "are no list of at most %d".formatted(most));
    }
    return list;
  }

  private String text(String key, JsonNode value) {
    if (!value.isTextual()) {
      throw malformed(key, "is missing or no text");
    }
    return value.textValue();
  }

  private ByteString bytes(String key, JsonNode value) {
    if (value.isArray()) {
      return octets(key, value);
    }
    String text = text(key, value);
    if (!HEX.matcher(text).matches()) {
      return base64(key, text);
    }
    try {
      return Hex.parse(text);
    } catch (IllegalArgumentException e) {
      throw malformed(key, "has half a byte");
    }
  }

  private ByteString octets(String key, JsonNode list) {
    byte[] octets = new byte[list.size()];
    for (int i = 0; i < octets.length; i++) {
      JsonNode octet = list.path(i);
      if (!octet.isInt() || octet.intValue() < 0 || octet.intValue() > OCTET_MAX) {
        throw malformed(key, "has something else than numbers from 0 to %d".formatted(OCTET_MAX));
      }
      octets[i] = (byte) octet.intValue();
    }
    return ByteString.copyFrom(octets);
  }

  /** The unused bits of the last character must be 0: one text for the same bytes. */
  private ByteString base64(String key, String text) {
    boolean url = text.contains("-") || text.contains("_");
    Base64.Encoder encoder = url ? Base64.getUrlEncoder() : Base64.getEncoder();
    try {
      byte[] bytes = (url ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(text);
      if (encoder.encodeToString(bytes).equals(text)
          || encoder.withoutPadding().encodeToString(bytes).equals(text)) {
        return ByteString.copyFrom(bytes);
      }
      throw malformed(key, "is not base64 in its usual form");
    } catch (IllegalArgumentException e) {
      throw malformed(key, "is neither hex digits nor base64");
    }
  }
}
