package io.parley.shim.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads one JSON text token by token (RFC 8259), strictly, in constant memory: of a string only the
 * first {@value #TEXT_BYTES_MAX} bytes are kept. Not thread-safe.
 */
public final class JsonReader {
  /** Bytes of a string that {@link #text} gives. */
  public static final int TEXT_BYTES_MAX = 4096;

  /** Deepest nesting that is read. */
  public static final int DEPTH_MAX = 64;

  private enum Expect {
    VALUE,
    VALUE_OR_END,
    NAME,
    NAME_OR_END,
    COMMA_OR_END,
    NOTHING
  }

  private final InputStream in;
  private final boolean[] inObject = new boolean[DEPTH_MAX];
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private int depth;
  private Expect expect = Expect.VALUE;
  private int peeked = -2;

  /**
   * @param in is read byte by byte: give a buffered one
   */
  public JsonReader(InputStream in) {
    this.in = in;
  }

  /** The text is not JSON, or nested too deeply. Its message holds nothing of the text. */
  public static final class MalformedJsonException extends IOException {
    private static final long serialVersionUID = 1L;

    MalformedJsonException(String message) {
      super(message);
    }
  }

  /** Objects and arrays that are open. */
  public int depth() {
    return depth;
  }

  /** The name, string or number that {@link #next} just gave. */
  public String text() {
    return text.toString(UTF_8);
  }

  /** Reads on to the next token. */
  public JsonToken next() throws IOException {
    int c = skipBlank();
    if (expect == Expect.COMMA_OR_END && c == ',') {
      expect = inObject[depth - 1] ? Expect.NAME : Expect.VALUE;
      c = skipBlank();
    }
    if (expect == Expect.NOTHING) {
      require(c < 0, "something follows the value");
      return JsonToken.END;
    }
    if (c == ']' || c == '}') {
      return end(c);
    }
    if (expect == Expect.NAME || expect == Expect.NAME_OR_END) {
      require(c == '"', "expected a name");
      string();
      require(skipBlank() == ':', "expected a colon");
      expect = Expect.VALUE;
      return JsonToken.NAME;
    }
    require(expect != Expect.COMMA_OR_END, "expected a comma");
    return value(c);
  }

  private JsonToken value(int c) throws IOException {
    switch (c) {
      case '{' -> {
        return begin(true, JsonToken.BEGIN_OBJECT);
      }
      case '[' -> {
        return begin(false, JsonToken.BEGIN_ARRAY);
      }
      case '"' -> {
        string();
        return after(JsonToken.STRING);
      }
      case 't' -> {
        return literal("rue", JsonToken.TRUE);
      }
      case 'f' -> {
        return literal("alse", JsonToken.FALSE);
      }
      case 'n' -> {
        return literal("ull", JsonToken.NULL);
      }
      default -> {
        number(c);
        return after(JsonToken.NUMBER);
      }
    }
  }

  private JsonToken begin(boolean object, JsonToken token) throws MalformedJsonException {
    require(depth < DEPTH_MAX, "nested too deeply");
    inObject[depth++] = object;
    expect = object ? Expect.NAME_OR_END : Expect.VALUE_OR_END;
    return token;
  }

  private JsonToken end(int c) throws MalformedJsonException {
    boolean object = c == '}';
    require(
        depth > 0
            && inObject[depth - 1] == object
            && expect != Expect.NAME
            && expect != Expect.VALUE,
        "a bracket closes nothing");
    depth--;
    return after(object ? JsonToken.END_OBJECT : JsonToken.END_ARRAY);
  }

  private JsonToken after(JsonToken token) {
    expect = depth == 0 ? Expect.NOTHING : Expect.COMMA_OR_END;
    return token;
  }

  private JsonToken literal(String rest, JsonToken token) throws IOException {
    for (int i = 0; i < rest.length(); i++) {
      require(read() == rest.charAt(i), "an unknown word");
    }
    return after(token);
  }

  private void string() throws IOException {
    text.reset();
    for (int c = read(); c != '"'; c = read()) {
      require(c >= 0x20, "a control character, or the end, in a string");
      if (c == '\\') {
        escape();
      } else {
        keep(c);
      }
    }
  }

  private void escape() throws IOException {
    int c = read();
    switch (c) {
      case '"', '\\', '/' -> keep(c);
      case 'b' -> keep('\b');
      case 'f' -> keep('\f');
      case 'n' -> keep('\n');
      case 'r' -> keep('\r');
      case 't' -> keep('\t');
      case 'u' -> unicode();
      default -> throw new MalformedJsonException("an unknown escape");
    }
  }

  /**
   * Half of a surrogate pair alone becomes a question mark; a pair becomes two: for display only.
   */
  private void unicode() throws IOException {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(read(), 16);
      require(digit >= 0, "an unknown escape");
      unit = unit << 4 | digit;
    }
    for (byte b : Character.toString(unit).getBytes(UTF_8)) {
      keep(b);
    }
  }

  private void keep(int b) {
    if (text.size() < TEXT_BYTES_MAX) {
      text.write(b);
    }
  }

  private void number(int first) throws IOException {
    text.reset();
    int c = first;
    if (c == '-') {
      keep(c);
      c = read();
    }
    boolean zero = c == '0';
    c = digits(c);
    require(!zero || text.size() <= (first == '-' ? 2 : 1), "a number with a leading zero");
    if (c == '.') {
      keep(c);
      c = digits(read());
    }
    if (c == 'e' || c == 'E') {
      keep(c);
      c = read();
      if (c == '+' || c == '-') {
        keep(c);
        c = read();
      }
      c = digits(c);
    }
    peeked = c;
  }

  /** At least one digit; returns what follows. */
  private int digits(int first) throws IOException {
    require(first >= '0' && first <= '9', "expected a value");
    int c = first;
    while (c >= '0' && c <= '9') {
      keep(c);
      c = read();
    }
    return c;
  }

  private int skipBlank() throws IOException {
    int c = read();
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      c = read();
    }
    return c;
  }

  private int read() throws IOException {
    if (peeked != -2) {
      int c = peeked;
      peeked = -2;
      return c;
    }
    return in.read();
  }

  private static void require(boolean condition, String message) throws MalformedJsonException {
    if (!condition) {
      throw new MalformedJsonException(message);
    }
  }
}
