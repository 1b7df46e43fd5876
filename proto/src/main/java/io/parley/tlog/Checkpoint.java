package io.parley.tlog;

import io.parley.identity.VerifyingKey;
import io.parley.wire.Digest;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A log's tree head as text: C2SP tlog-checkpoint, without extension lines.
 *
 * @param origin which log
 */
public record Checkpoint(String origin, TreeHead head) {
  private static final String ORIGIN = "parley.log/";
  private static final int LINES = 3;

  public Checkpoint {
    if (!SignedNote.isName(origin)) {
      throw new IllegalArgumentException("'%s' is no origin".formatted(origin));
    }
  }

  /**
   * The origin of the log of the broker with this key: {@code parley.log/} and the hex digits of
   * the key's SHA-256, as agreements name it. No signed message of Parley begins so.
   */
  public static String origin(VerifyingKey broker) {
    return ORIGIN + broker.digest().hex();
  }

  /** The text that is signed. */
  public String text() {
    return origin
        + "\n"
        + head.size()
        + "\n"
        + Base64.getEncoder().encodeToString(head.root().value().toByteArray())
        + "\n";
  }

  /**
   * Reads it strictly: {@link #text} gives the same back.
   *
   * @throws io.parley.wire.RefusedException INVALID_CHECKPOINT
   */
  public static Checkpoint parse(String text) {
    String[] lines = text.split("\n", -1);
    if (lines.length != LINES + 1 || !lines[LINES].isEmpty()) {
      throw SignedNote.wrong("its text has not exactly the lines origin, size and root");
    }
    byte @Nullable [] root = SignedNote.base64(lines[2]);
    if (!SignedNote.isName(lines[0])
        || !lines[1].matches("0|[1-9][0-9]{0,14}")
        || Long.parseLong(lines[1]) > MerkleTree.SIZE_MAX
        || root == null
        || root.length != Digest.SIZE_BYTES) {
      throw SignedNote.wrong("origin, size or root is not in its one form");
    }
    return new Checkpoint(lines[0], new TreeHead(Long.parseLong(lines[1]), Digest.ofValue(root)));
  }
}
