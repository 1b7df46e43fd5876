package io.parley.shim.measure;

import java.util.ArrayList;
import java.util.List;

/** Texts on one line of YAML: plain, in single or in double quotes, alone or in brackets. */
final class YamlText {
  private final String line;
  private final int number;
  private int at;

  YamlText(String line, int number, int at) {
    this.line = line;
    this.number = number;
    this.at = at;
  }

  /** Whether nothing but blanks or a comment follows. */
  boolean atEnd() {
    skipBlanks();
    return at >= line.length() || isCommentAt(at);
  }

  /** One text up to the end of the line. */
  String whole() {
    String text = one("");
    if (!atEnd()) {
      throw AppDescription.invalid(number, "something follows the text; quote it as a whole");
    }
    return text;
  }

  /** {@code [a, b, "c"]}, up to the end of the line. */
  List<String> list() {
    skipBlanks();
    expect('[');
    List<String> texts = new ArrayList<>();
    skipBlanks();
    while (peek() != ']') {
      texts.add(one(",]"));
      skipBlanks();
      if (peek() == ',') {
        at++;
        skipBlanks();
      } else if (peek() != ']') {
        throw AppDescription.invalid(number, "expected ',' or ']' on the same line");
      }
    }
    at++;
    if (!atEnd()) {
      throw AppDescription.invalid(number, "something follows the list");
    }
    return texts;
  }

  private String one(String stops) {
    skipBlanks();
    return switch (peek()) {
      case '"' -> quoted('"');
      case '\'' -> quoted('\'');
      default -> plain(stops);
    };
  }

  private String plain(String stops) {
    int start = at;
    while (at < line.length() && stops.indexOf(line.charAt(at)) < 0 && !isCommentAt(at)) {
      at++;
    }
    String text = line.substring(start, at).strip();
    // What would mean something else to a full YAML reader is refused: one text, one meaning.
    boolean indicator = !text.isEmpty() && "[]{}&*!|>%@`,?#\"'".indexOf(text.charAt(0)) >= 0;
    boolean entry = text.equals("-") || text.startsWith("- ");
    if (text.isEmpty() || indicator || entry || text.contains(": ") || text.endsWith(":")) {
      throw AppDescription.invalid(number, "expected a text; put quotes around special characters");
    }
    return text;
  }

  private String quoted(char quote) {
    StringBuilder text = new StringBuilder();
    at++;
    while (true) {
      char c = take();
      if (c == quote) {
        if (quote == '\'' && peek() == quote) {
          at++;
        } else {
          return text.toString();
        }
      } else if (c == '\\' && quote == '"') {
        c = take();
        if (c != '"' && c != '\\') {
          throw AppDescription.invalid(number, "only \\\" and \\\\ are known as escapes");
        }
      }
      text.append(c);
    }
  }

  private boolean isCommentAt(int index) {
    return line.charAt(index) == '#'
        && (index == 0 || Character.isWhitespace(line.charAt(index - 1)));
  }

  private void skipBlanks() {
    while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
      at++;
    }
  }

  private void expect(char c) {
    if (take() != c) {
      throw AppDescription.invalid(number, "expected '%c'".formatted(c));
    }
  }

  private char peek() {
    return at < line.length() ? line.charAt(at) : '\0';
  }

  private char take() {
    if (at >= line.length()) {
      throw AppDescription.invalid(number, "the line ends too early");
    }
    return line.charAt(at++);
  }
}
