package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import java.util.regex.Pattern;

/** Keeps signatures for one purpose from being taken for another's. */
final class Labels {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9/.-]{1,64}");

  private Labels() {}

  /** {@code label || 0x00 || message}; a label has no 0x00, so no two pairs give the same bytes. */
  static ByteString prefixed(String label, ByteString message) {
    if (!LABEL.matcher(label).matches()) {
      throw new BugException("signature label '%s' is not one".formatted(label));
    }
    return ByteString.copyFromUtf8(label).concat(ByteString.copyFrom(new byte[1])).concat(message);
  }
}
