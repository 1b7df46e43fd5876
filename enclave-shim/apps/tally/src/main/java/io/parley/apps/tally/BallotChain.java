package io.parley.apps.tally;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * A chain of hashes over a provider's ballots. The link of a ballot is
 *
 * <pre>SHA-256("parley/v1/ballot" || 0x00 || link before || sequence || text(voter) || time ||
 * text(choice))</pre>
 *
 * <p>with 32 zero bytes before the first, sequence and time (microseconds since 1970, UTC) as 8
 * bytes, and a text as 4 bytes of length and UTF-8; integers are big-endian. Whoever knows the last
 * link knows that no ballot before it was changed, left out, put in or moved. Not thread-safe.
 */
final class BallotChain {
  private static final byte[] LABEL = "parley/v1/ballot\0".getBytes(StandardCharsets.UTF_8);
  private static final long MICROS = 1_000_000;

  private byte[] link = new byte[32];
  private long length;

  /** An empty chain. */
  BallotChain() {}

  /**
   * Adds the next ballot.
   *
   * @return its link, as hex digits
   * @throws IllegalArgumentException when its sequence number is not the next
   */
  String add(Ballot ballot) {
    if (ballot.sequence() != length + 1) {
      throw new IllegalArgumentException("the ballot is not the next of its chain");
    }
    byte[] voter = ballot.voter().getBytes(StandardCharsets.UTF_8);
    byte[] choice = ballot.choice().getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(
                LABEL.length
                    + link.length
                    + 2 * Long.BYTES
                    + 2 * Integer.BYTES
                    + voter.length
                    + choice.length)
            .put(LABEL)
            .put(link)
            .putLong(ballot.sequence())
            .putInt(voter.length)
            .put(voter)
            .putLong(
                Math.addExact(
                    Math.multiplyExact(ballot.castAt().toEpochSecond(ZoneOffset.UTC), MICROS),
                    ballot.castAt().getNano() / 1000))
            .putInt(choice.length)
            .put(choice);
    link = sha256(bytes.array());
    length++;
    return head();
  }

  /** The last link, as hex digits. */
  String head() {
    return HexFormat.of().formatHex(link);
  }

  /** How many ballots it has. */
  long length() {
    return length;
  }

  /**
   * What stands for several chains: SHA-256 over the lines {@code DATASET HEAD LF}, in the order of
   * the names.
   *
   * @param heads the head of each chain, by its dataset's name
   */
  static String digest(Map<String, String> heads) {
    StringBuilder lines = new StringBuilder();
    new TreeMap<>(heads)
        .forEach((name, head) -> lines.append(name).append(' ').append(head).append('\n'));
    return HexFormat.of().formatHex(sha256(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
