package io.parley.shim.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8Test {
  static List<byte[]> malformed() {
    return List.of(
        new byte[] {(byte) 0x80},
        new byte[] {(byte) 0xC3},
        new byte[] {(byte) 0xC0, (byte) 0xAF},
        new byte[] {(byte) 0xE0, (byte) 0x80, (byte) 0xAF},
        new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
        new byte[] {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
        new byte[] {(byte) 0xF0, (byte) 0x9F, (byte) 0x98},
        new byte[] {(byte) 0xF8, (byte) 0x88, (byte) 0x80, (byte) 0x80, (byte) 0x80},
        new byte[] {'a', (byte) 0xFF, 'b'});
  }

  @Test
  void everyCodePointIsValid() {
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
        byte[] text = Character.toString(point).getBytes(UTF_8);
        assertThat(Utf8.isValid(ByteBuffer.wrap(text), 0, text.length)).isTrue();
      }
    }
  }

  @Test
  void malformedSequencesAreNot() {
    for (byte[] text : malformed()) {
      assertThat(Utf8.isValid(ByteBuffer.wrap(text), 0, text.length)).isFalse();
    }
  }

  @Test
  void agreesWithTheJdkOnRandomBytes() {
    Random random = new Random(27);
    for (int round = 0; round < 200_000; round++) {
      byte[] text = new byte[1 + random.nextInt(6)];
      for (int i = 0; i < text.length; i++) {
        text[i] =
            (byte) (random.nextInt(4) == 0 ? random.nextInt(128) : 0x80 | random.nextInt(128));
      }
      assertThat(Utf8.isValid(ByteBuffer.wrap(text), 0, text.length)).isEqualTo(jdkSaysYes(text));
    }
  }

  private static boolean jdkSaysYes(byte[] text) {
    try {
      var unused =
          UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
