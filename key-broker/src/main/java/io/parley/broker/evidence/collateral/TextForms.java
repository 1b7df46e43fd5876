package io.parley.broker.evidence.collateral;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The ways in which bytes are written as text. What is none of them is left as it is. */
final class TextForms {
  private static final ByteString BYTE_ORDER_MARK = ByteString.copyFromUtf8("\ufeff");
  private static final String HEX_PREFIX = "0x";
  private static final Pattern HEX = Pattern.compile("(0[xX])?[0-9a-fA-F]+");
  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{8,}+={0,2}");
  private static final Pattern ESCAPE = Pattern.compile("%([0-9a-fA-F]{2})");
  private static final int HEX_RADIX = 16;

  private TextForms() {}

  /** Without the mark that some editors put before a text. */
  static ByteString withoutMark(ByteString bytes) {
    return bytes.startsWith(BYTE_ORDER_MARK) ? bytes.substring(BYTE_ORDER_MARK.size()) : bytes;
  }

  /** What JSON, hex digits or base64 say; other bytes are what they are, mark and all. */
  static ByteString decoded(ByteString raw) {
    String written = withoutMark(raw).toString(StandardCharsets.ISO_8859_1);
    if (written.stripLeading().startsWith("{")) {
      return ByteString.copyFrom(written.strip(), StandardCharsets.ISO_8859_1);
    }
    String text = written.replaceAll("\\s", "");
    if (HEX.matcher(text).matches() && text.length() % 2 == 0) {
      boolean prefixed = text.toLowerCase(Locale.ROOT).startsWith(HEX_PREFIX);
      int from = prefixed ? HEX_PREFIX.length() : 0;
      return ByteString.copyFrom(HexFormat.of().parseHex(text, from, text.length()));
    }
    if (BASE64.matcher(text).matches()) {
      try {
        String standard = text.replace('-', '+').replace('_', '/');
        return ByteString.copyFrom(Base64.getDecoder().decode(standard));
      } catch (IllegalArgumentException e) {
        return raw;
      }
    }
    return raw;
  }

  /**
   * Lines with something in them that is known by its escaped form, without the escapes (RFC 3986,
   * section 2.1; a plus is a plus); other lines as they are.
   */
  static String unescaped(String text, String known) {
    return text.contains(known)
        ? text.lines()
            .map(line -> line.contains(known) ? unescaped(line) : line)
            .collect(Collectors.joining("\n"))
        : text;
  }

  private static String unescaped(String line) {
    return ESCAPE
        .matcher(line)
        .replaceAll(escape ->
            Matcher.quoteReplacement(
                String.valueOf((char) Integer.parseInt(escape.group(1), HEX_RADIX))));
  }
}
