package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text and signature lines under it: C2SP signed-note. Says nothing of whether a signature is
 * right; {@link SignedCheckpoint} does.
 *
 * @param text ends with a newline
 * @param signatures at least one
 */
public record SignedNote(String text, List<NoteSignature> signatures) {
  /** Largest note that is read, bytes. */
  public static final int SIZE_BYTES_MAX = 64 << 10;

  /** Most signature lines. */
  public static final int SIGNATURES_MAX = 64;

  static final int KEY_ID_BYTES = 4;
  static final String DASH = "\u2014 ";

  public SignedNote {
    signatures = List.copyOf(signatures);
    if (text.isEmpty() || !text.endsWith("\n") || signatures.isEmpty()) {
      throw new IllegalArgumentException("a note is lines and at least one signature");
    }
  }

  /** A name that can stand in a signature line. */
  static boolean isName(String name) {
    return !name.isEmpty()
        && name.codePoints()
            .noneMatch(
                c -> c <= ' ' || c == '+' || Character.isWhitespace(c) || Character.isSpaceChar(c));
  }

  /** The note as bytes; {@link #parse} gives the same note back. */
  public ByteString encode() {
    return ByteString.copyFromUtf8(toString());
  }

  /**
   * Reads a note strictly.
   *
   * @throws RefusedException INVALID_CHECKPOINT
   */
  public static SignedNote parse(ByteString bytes) {
    if (bytes.size() > SIZE_BYTES_MAX) {
      throw wrong("%d bytes long; at most %d are allowed".formatted(bytes.size(), SIZE_BYTES_MAX));
    }
    String note = utf8(bytes);
    if (note.chars().anyMatch(c -> c < ' ' && c != '\n')) {
      throw wrong("it holds a control character");
    }
    int end = note.lastIndexOf("\n\n");
    if (end < 0 || !note.endsWith("\n")) {
      throw wrong("there is no blank line before its signatures, or its last line is cut");
    }
    String signatures = note.substring(end + 2);
    if (signatures.isEmpty()) {
      throw wrong("it has no signature");
    }
    List<NoteSignature> lines = new ArrayList<>();
    for (String line : signatures.substring(0, signatures.length() - 1).split("\n", -1)) {
      if (lines.size() == SIGNATURES_MAX) {
        throw wrong("it has more than %d signatures".formatted(SIGNATURES_MAX));
      }
      lines.add(signature(line));
    }
    return new SignedNote(note.substring(0, end + 1), lines);
  }

  /** One more signature; the same line twice is one. */
  SignedNote with(NoteSignature signature) {
    if (signatures.contains(signature)) {
      return this;
    }
    List<NoteSignature> more = new ArrayList<>(signatures);
    more.add(signature);
    return new SignedNote(text, more);
  }

  /**
   * Reads one signature line, without its newline.
   *
   * @throws RefusedException INVALID_CHECKPOINT
   */
  static NoteSignature signature(String line) {
    int space = line.lastIndexOf(' ');
    if (!line.startsWith(DASH) || space <= DASH.length()) {
      throw wrong("a line below its text is no signature");
    }
    String name = line.substring(DASH.length(), space);
    byte @Nullable [] value = base64(line.substring(space + 1));
    if (!isName(name) || value == null || value.length <= KEY_ID_BYTES) {
      throw wrong("a line below its text is no signature");
    }
    ByteString all = ByteString.copyFrom(value);
    return new NoteSignature(name, all.substring(0, KEY_ID_BYTES), all.substring(KEY_ID_BYTES));
  }

  /** RFC 4648, section 4, in its one form; null when it is not. */
  static byte @Nullable [] base64(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      return Base64.getEncoder().encodeToString(bytes).equals(text) ? bytes : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  static String utf8(ByteString bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw wrong("it is not UTF-8");
    }
  }

  static RefusedException wrong(String why) {
    return new RefusedException(Reason.INVALID_CHECKPOINT, "this is no signed checkpoint: " + why);
  }

  @Override
  public String toString() {
    StringBuilder all = new StringBuilder(text).append('\n');
    signatures.forEach(signature -> all.append(signature.line()));
    return all.toString();
  }
}
