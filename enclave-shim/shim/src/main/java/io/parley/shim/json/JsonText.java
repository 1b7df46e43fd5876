package io.parley.shim.json;

/**
 * Writes JSON (RFC 8259) piece by piece, ASCII only. Whoever calls keeps to the grammar. Not
 * thread-safe.
 */
public final class JsonText {
  private final StringBuilder out = new StringBuilder();
  private boolean needsComma;

  public JsonText beginObject() {
    return open('{');
  }

  public JsonText endObject() {
    return close('}');
  }

  public JsonText beginArray() {
    return open('[');
  }

  public JsonText endArray() {
    return close(']');
  }

  /** A member's name; its value comes next. */
  public JsonText name(String name) {
    separate();
    quote(name);
    out.append(':');
    needsComma = false;
    return this;
  }

  public JsonText text(String text) {
    separate();
    quote(text);
    return this;
  }

  public JsonText number(long number) {
    separate();
    out.append(number);
    return this;
  }

  public JsonText truth(boolean truth) {
    separate();
    out.append(truth);
    return this;
  }

  @Override
  public String toString() {
    return out.toString();
  }

  private JsonText open(char bracket) {
    separate();
    out.append(bracket);
    needsComma = false;
    return this;
  }

  private JsonText close(char bracket) {
    out.append(bracket);
    needsComma = true;
    return this;
  }

  private void separate() {
    if (needsComma) {
      out.append(',');
    }
    needsComma = true;
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || c > 0x7E) {
        out.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
