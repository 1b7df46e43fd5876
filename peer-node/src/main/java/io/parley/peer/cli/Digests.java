package io.parley.peer.cli;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Digests as people write them: whole, or their first hex digits as long as those are unique. */
final class Digests {
  private static final int PREFIX_DIGITS_MIN = 8;
  private static final String SHA256 = "sha256:";

  private Digests() {}

  static boolean looksLikeOne(String text) {
    return bare(text).matches("[0-9a-f]{%d,64}".formatted(PREFIX_DIGITS_MIN));
  }

  /**
   * The only one of these that the text names.
   *
   * @param notFound the reason to refuse with when there is none
   */
  static Digest choose(String text, Collection<Digest> known, Reason notFound) {
    String wanted = bare(text);
    if (!looksLikeOne(text)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "'%s' is not a digest; expected at least its first %d hex digits"
              .formatted(text, PREFIX_DIGITS_MIN),
          Map.of("digest", text));
    }
    List<Digest> matching =
        known.stream().distinct().filter(d -> d.hex().startsWith(wanted)).toList();
    if (matching.size() == 1) {
      return matching.getFirst();
    }
    throw matching.isEmpty()
        ? new RefusedException(
            notFound, "nothing here has the digest " + text, Map.of("digest", text))
        : new RefusedException(
            Reason.INVALID_REQUEST,
            "'%s' fits %d digests; write more digits".formatted(text, matching.size()),
            Map.of("digest", text));
  }

  private static String bare(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return lower.startsWith(SHA256) ? lower.substring(SHA256.length()) : lower;
  }
}
