package io.parley.shim.arrow;

import java.nio.ByteBuffer;

/** Well-formed UTF-8 as in table 3-7 of the Unicode Standard: shortest form, no surrogates. */
final class Utf8 {
  private Utf8() {}

  static boolean isValid(ByteBuffer text, int from, int to) {
    int at = from;
    while (at < to) {
      int lead = text.get(at);
      if (lead >= 0) {
        at++;
        continue;
      }
      int length = sequence(text, at, to, lead & 0xFF);
      if (length == 0) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** Length of the well-formed sequence at {@code at}, or 0. */
  private static int sequence(ByteBuffer text, int at, int to, int lead) {
    int length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || at + length > to) {
      return 0;
    }
    int second = text.get(at + 1) & 0xFF;
    int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if ((text.get(at + i) & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length;
  }
}
