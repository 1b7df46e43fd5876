package io.parley.shim.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parley.shim.json.JsonReader.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  @Test
  void everyTokenComesInOrder() throws IOException {
    assertThat(tokens("{\"a\":[1,-2.5e+3,true,false,null,\"x\"],\"b\":{}}"))
        .containsExactly(
            "BEGIN_OBJECT",
            "NAME a",
            "BEGIN_ARRAY",
            "NUMBER 1",
            "NUMBER -2.5e+3",
            "TRUE",
            "FALSE",
            "NULL",
            "STRING x",
            "END_ARRAY",
            "NAME b",
            "BEGIN_OBJECT",
            "END_OBJECT",
            "END_OBJECT");
  }

  @Test
  void aSingleValueIsAText() throws IOException {
    assertThat(tokens(" 0 ")).containsExactly("NUMBER 0");
    assertThat(tokens("\"\"")).containsExactly("STRING ");
    assertThat(tokens("\t\r\nnull\n")).containsExactly("NULL");
  }

  @Test
  void escapesAreResolved() throws IOException {
    assertThat(tokens("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u6f22\""))
        .containsExactly("STRING \"\\/\b\f\n\r\tAä漢");
  }

  @Test
  void halfOfASurrogatePairBecomesAQuestionMark() throws IOException {
    assertThat(tokens("\"\\ud83d\"")).containsExactly("STRING ?");
    assertThat(tokens("\"\\udc00x\"")).containsExactly("STRING ?x");
  }

  @Test
  void textThatIsNotUtf8IsReplacedAndReadOn() throws IOException {
    byte[] cut = {'[', '"', (byte) 0xE6, (byte) 0xBC, '"', ',', '1', ']'};

    assertThat(tokens(cut))
        .containsExactly("BEGIN_ARRAY", "STRING \ufffd", "NUMBER 1", "END_ARRAY");
  }

  @Test
  void aHugeStringAndAHugeNumberAreReadInLittleMemory() throws IOException {
    String digits = "9".repeat(1_000_000);
    JsonReader reader = reader("[\"%s\",%s]".formatted("x".repeat(1_000_000), digits));

    assertThat(reader.next()).isEqualTo(JsonToken.BEGIN_ARRAY);
    assertThat(reader.next()).isEqualTo(JsonToken.STRING);
    assertThat(reader.text()).hasSize(JsonReader.TEXT_BYTES_MAX);
    assertThat(reader.next()).isEqualTo(JsonToken.NUMBER);
    assertThat(reader.text()).hasSize(JsonReader.TEXT_BYTES_MAX);
    assertThat(reader.next()).isEqualTo(JsonToken.END_ARRAY);
    assertThat(reader.next()).isEqualTo(JsonToken.END);
  }

  @Test
  void nestingHasALimit() throws IOException {
    int most = JsonReader.DEPTH_MAX;
    assertThat(tokens("[".repeat(most) + "]".repeat(most))).hasSize(2 * most);
    assertMalformed("[".repeat(most + 1) + "]".repeat(most + 1));
    assertMalformed("[".repeat(1_000_000));
    assertMalformed("{\"a\":".repeat(1_000_000));
  }

  @Test
  void aNameMayComeTwice() throws IOException {
    // RFC 8259 leaves it open; who reads decides which counts.
    assertThat(tokens("{\"a\":1,\"a\":2}"))
        .containsExactly("BEGIN_OBJECT", "NAME a", "NUMBER 1", "NAME a", "NUMBER 2", "END_OBJECT");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[",
        "]",
        "{",
        "}",
        "[}",
        "{]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "[] []",
        "[]x",
        "nul",
        "nulL",
        "truefalse",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1.e3",
        "0x10",
        "1_000",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u",
        "\"a\nb\"",
        "\"a\u0000\"",
        "/* */1",
        "1//",
        "\ufeff1",
        "[\"a\":1]",
        "{\"a\":1]",
        "[1}",
        "--1",
        "1-1"
      })
  void whatIsNoJsonIsRefused(String text) {
    assertMalformed(text);
  }

  @Test
  void messagesHoldNothingOfTheText() {
    assertThatThrownBy(() -> tokens("{\"patient 4711\": patient 4711}"))
        .isInstanceOf(MalformedJsonException.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("4711", "patient"));
  }

  @Test
  void everyPrefixOfATextIsRefused() throws IOException {
    String text = "{\"a\":[1.5e3,\"\\u00e4\",{\"b\":null}],\"c\":true}";
    assertThat(tokens(text)).isNotEmpty();
    for (int length = 0; length < text.length(); length++) {
      assertMalformed(text.substring(0, length));
    }
  }

  @Test
  void agreesWithALibraryOnWhatIsJson() throws IOException {
    ObjectMapper library =
        new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    String alphabet = "{}[]:,\"\\ 0123.-+eEtruefalsn/u";
    String seed = "{\"a\":[1,-2.5e3,true,null,\"x\\n\"],\"b\":{\"c\":[]}}";
    Random random = new Random(8259);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder(seed);
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        int at = random.nextInt(text.length());
        char c = alphabet.charAt(random.nextInt(alphabet.length()));
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, c);
          case 1 -> text.insert(at, c);
          default -> text.deleteCharAt(at);
        }
      }
      assertThat(isJson(text.toString()))
          .as("%s", text)
          .isEqualTo(isJson(library, text.toString()));
    }
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    String text = "quote \" backslash \\ line\n\u0000\u001f\u007f ä漢 \ud83d\ude00";
    String json =
        new JsonText()
            .beginObject()
            .name(text)
            .beginArray()
            .text(text)
            .number(Long.MIN_VALUE)
            .endArray()
            .name("b")
            .beginObject()
            .endObject()
            .endObject()
            .toString();

    assertThat(json).isEqualTo(new String(json.getBytes(ISO_8859_1), ISO_8859_1)).isASCII();
    var read = new ObjectMapper().readTree(json);
    assertThat(read.get(text).get(0).asText()).isEqualTo(text);
    assertThat(read.get(text).get(1).asLong()).isEqualTo(Long.MIN_VALUE);
    assertThat(isJson(json)).isTrue();
  }

  private static boolean isJson(ObjectMapper library, String text) throws IOException {
    try {
      return !library.readTree(text).isMissingNode();
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static boolean isJson(String text) throws IOException {
    try {
      return !tokens(text).isEmpty();
    } catch (MalformedJsonException e) {
      return false;
    }
  }

  private static void assertMalformed(String text) {
    assertThatThrownBy(() -> tokens(text))
        .as(text.substring(0, Math.min(50, text.length())))
        .isInstanceOf(MalformedJsonException.class);
  }

  private static List<String> tokens(String text) throws IOException {
    return tokens(text.getBytes(UTF_8));
  }

  private static List<String> tokens(byte[] text) throws IOException {
    JsonReader reader = new JsonReader(new ByteArrayInputStream(text));
    List<String> tokens = new ArrayList<>();
    for (JsonToken token = reader.next(); token != JsonToken.END; token = reader.next()) {
      tokens.add(
          switch (token) {
            case NAME, STRING, NUMBER -> token + " " + reader.text();
            default -> token.name();
          });
    }
    return tokens;
  }

  private static JsonReader reader(String text) {
    return new JsonReader(new ByteArrayInputStream(text.getBytes(UTF_8)));
  }
}
