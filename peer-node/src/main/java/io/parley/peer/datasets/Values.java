package io.parley.peer.datasets;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Locale;

/**
 * Values as text, read strictly: what does not fit exactly is an error, never rounded or cut. Each
 * reader throws {@link IllegalArgumentException} that says what was expected. Stateless.
 */
final class Values {
  private static final int SHOWN_CHARS_MAX = 40;

  private Values() {}

  static boolean isTrue(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "t", "1" -> true;
      case "false", "f", "0" -> false;
      default -> throw wrong("true or false", text);
    };
  }

  static long integer(byte[] bytes, int start, int end, long least, long most) {
    int at = start;
    boolean negative = at < end && bytes[at] == '-';
    if (negative || (at < end && bytes[at] == '+')) {
      at++;
    }
    if (at == end) {
      throw wrong("a whole number", text(bytes, start, end));
    }
    // Built up below zero, where there is one more number than above.
    long value = 0;
    for (; at < end; at++) {
      int digit = bytes[at] - '0';
      if (digit < 0 || digit > 9) {
        throw wrong("a whole number", text(bytes, start, end));
      }
      if (value < (Long.MIN_VALUE + digit) / 10) {
        throw outOfRange(least, most, bytes, start, end);
      }
      value = value * 10 - digit;
    }
    if (!negative && value == Long.MIN_VALUE) {
      throw outOfRange(least, most, bytes, start, end);
    }
    value = negative ? value : -value;
    if (value < least || value > most) {
      throw outOfRange(least, most, bytes, start, end);
    }
    return value;
  }

  static double floating(String text) {
    switch (text.toLowerCase(Locale.ROOT)) {
      case "nan":
        return Double.NaN;
      case "inf", "+inf", "infinity", "+infinity":
        return Double.POSITIVE_INFINITY;
      case "-inf", "-infinity":
        return Double.NEGATIVE_INFINITY;
      default:
        break;
    }
    requireDecimalDigits(text);
    return Double.parseDouble(text);
  }

  static float single(String text) {
    double value = floating(text);
    // Parsed again as a float: rounding twice may end one step off.
    float result = Double.isFinite(value) ? Float.parseFloat(text) : (float) value;
    if (Float.isInfinite(result) && Double.isFinite(value)) {
      throw wrong("a number within the range of FLOAT", text);
    }
    return result;
  }

  static BigDecimal decimal(String text, int precision, int scale) {
    requireDecimalDigits(text);
    BigDecimal value = new BigDecimal(text);
    if (Math.abs((long) value.scale()) > 1000) {
      throw wrong("DECIMAL(%d,%d)".formatted(precision, scale), text);
    }
    try {
      value = value.setScale(scale);
    } catch (ArithmeticException e) {
      throw wrong(
          "DECIMAL(%d,%d): at most %d digits after the point".formatted(precision, scale, scale),
          text);
    }
    if (value.precision() > precision) {
      throw wrong(
          "DECIMAL(%d,%d): at most %d digits before the point"
              .formatted(precision, scale, precision - scale),
          text);
    }
    return value;
  }

  /** The characters that a decimal number may have; {@code 1d} and {@code 0x1p3} are no numbers. */
  private static void requireDecimalDigits(String text) {
    if (!text.matches("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,5})?")) {
      throw wrong("a number", text);
    }
  }

  /** Days since 1970-01-01. */
  static int date(String text) {
    return Math.toIntExact(day(text).toEpochDay());
  }

  /** Microseconds since 1970-01-01 00:00, without a time zone. */
  static long timestamp(String text) {
    String expected = "a timestamp like 2026-03-31 14:05:59.123456";
    if (text.matches(".*(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)") && text.length() > 10) {
      throw wrong(expected + " without a time zone", text);
    }
    LocalDate day = day(text.length() > 10 ? text.substring(0, 10) : text, text, expected);
    if (text.length() == 10) {
      return micros(day.atStartOfDay());
    }
    String time = text.substring(11);
    if ((text.charAt(10) != ' ' && text.charAt(10) != 'T')
        || !time.matches("[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?")) {
      throw wrong(expected, text);
    }
    try {
      LocalDateTime value = day.atTime(LocalTime.parse(time));
      if (value.getNano() % 1000 != 0) {
        throw wrong(expected + ": at most 6 digits of a second", text);
      }
      return micros(value);
    } catch (DateTimeException e) {
      throw wrong(expected, text);
    }
  }

  private static long micros(LocalDateTime value) {
    return Math.addExact(
        Math.multiplyExact(value.toEpochSecond(ZoneOffset.UTC), 1_000_000L),
        value.getNano() / 1000L);
  }

  private static LocalDate day(String text) {
    return day(text, text, "a date like 2026-03-31");
  }

  private static LocalDate day(String text, String whole, String expected) {
    if (!text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
      throw wrong(expected, whole);
    }
    try {
      return LocalDate.of(
          Integer.parseInt(text, 0, 4, 10),
          Integer.parseInt(text, 5, 7, 10),
          Integer.parseInt(text, 8, 10, 10));
    } catch (DateTimeException e) {
      throw wrong(expected, whole);
    }
  }

  /** Throws when the bytes are not UTF-8. */
  static void requireUtf8(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] < 0) {
        decode(bytes, start, end);
        return;
      }
    }
  }

  static String text(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.UTF_8);
  }

  private static void decode(byte[] bytes, int start, int end) {
    try {
      Object unused =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, start, end - start));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("expected UTF-8, came other bytes", e);
    }
  }

  private static IllegalArgumentException outOfRange(
      long least, long most, byte[] bytes, int start, int end) {
    return wrong("a whole number from %d to %d".formatted(least, most), text(bytes, start, end));
  }

  private static IllegalArgumentException wrong(String expected, String came) {
    String shown =
        came.length() > SHOWN_CHARS_MAX ? came.substring(0, SHOWN_CHARS_MAX) + "..." : came;
    return new IllegalArgumentException("expected %s, came '%s'".formatted(expected, shown));
  }
}
