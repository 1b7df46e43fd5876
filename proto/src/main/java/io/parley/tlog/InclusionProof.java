package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * That an entry is in a log, to be checked without the log: C2SP tlog-proof. The entry itself goes
 * along as the format's extra data, which nothing but the proof vouches for.
 *
 * @param index of the entry, from 0
 * @param path from the entry's sibling up
 * @param checkpoint of a tree that holds the entry; not verified
 */
public record InclusionProof(
    ByteString entry, long index, List<Digest> path, SignedNote checkpoint) {
  /** Longest entry, bytes: entry bundles count with 16 bits. */
  public static final int ENTRY_BYTES_MAX = 0xffff;

  /** Largest proof that is read, bytes. */
  public static final int SIZE_BYTES_MAX = 160 << 10;

  /** The first line; a file may hold several proofs, one after the other. */
  public static final String FIRST_LINE = "c2sp.org/tlog-proof@v1";

  private static final String EXTRA = "extra ";
  private static final String INDEX = "index ";

  public InclusionProof {
    path = List.copyOf(path);
  }

  /**
   * Checks all of it, with the log's key.
   *
   * @return the checkpoint that holds the entry
   * @throws RefusedException INVALID_CHECKPOINT, INVALID_SIGNATURE, INVALID_PROOF when the path
   *     does not lead from the entry to the checkpoint's root
   */
  public SignedCheckpoint verify(VerifyingKey broker) {
    SignedCheckpoint signed = SignedCheckpoint.verify(checkpoint, broker);
    if (!TreeProofs.includes(signed.head(), index, MerkleTree.leaf(entry), path)) {
      throw wrong(
          "it does not lead from entry %d to the root of the tree of %d entries"
              .formatted(index, signed.head().size()));
    }
    return signed;
  }

  /** The proof as bytes. */
  public ByteString encode() {
    Base64.Encoder base64 = Base64.getEncoder();
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    text.append(EXTRA).append(base64.encodeToString(entry.toByteArray())).append('\n');
    text.append(INDEX).append(index).append('\n');
    for (Digest hash : path) {
      text.append(base64.encodeToString(hash.value().toByteArray())).append('\n');
    }
    return ByteString.copyFromUtf8(text.append('\n').append(checkpoint).toString());
  }

  /**
   * Reads one proof strictly; it is not checked yet.
   *
   * @throws RefusedException INVALID_PROOF, INVALID_CHECKPOINT
   */
  public static InclusionProof parse(ByteString bytes) {
    if (bytes.size() > SIZE_BYTES_MAX) {
      throw wrong("%d bytes long; at most %d are allowed".formatted(bytes.size(), SIZE_BYTES_MAX));
    }
    String text = SignedNote.utf8(bytes);
    int end = text.indexOf("\n\n");
    if (end < 0) {
      throw wrong("it holds no checkpoint");
    }
    String[] lines = text.substring(0, end).split("\n", -1);
    if (lines.length < 3
        || lines.length > 3 + TreeProofs.LENGTH_MAX
        || !lines[0].equals(FIRST_LINE)
        || !lines[1].startsWith(EXTRA)
        || !lines[2].matches(INDEX + "(0|[1-9][0-9]{0,14})")) {
      throw wrong("its lines are not those of a proof with its entry");
    }
    List<Digest> path = new ArrayList<>();
    for (int line = 3; line < lines.length; line++) {
      path.add(Digest.ofValue(base64(lines[line], Digest.SIZE_BYTES, Digest.SIZE_BYTES)));
    }
    return new InclusionProof(
        ByteString.copyFrom(base64(lines[1].substring(EXTRA.length()), 0, ENTRY_BYTES_MAX)),
        Long.parseLong(lines[2].substring(INDEX.length())),
        path,
        SignedNote.parse(ByteString.copyFromUtf8(text.substring(end + 2))));
  }

  private static byte[] base64(String text, int least, int most) {
    byte @Nullable [] bytes = SignedNote.base64(text);
    if (bytes == null || bytes.length < least || bytes.length > most) {
      throw wrong("a line is not base64 of the length that it must have");
    }
    return bytes;
  }

  private static RefusedException wrong(String why) {
    return new RefusedException(
        Reason.INVALID_PROOF, "the proof that an entry is in the log is wrong: " + why, Map.of());
  }
}
