package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * A checkpoint that a broker signed, perhaps cosigned by witnesses.
 *
 * <p>Guarantee: an instance holds a signature by the broker's key over the checkpoint's exact text,
 * for that key's own log. Not guaranteed: anything about the cosignatures; ask {@link
 * Witness#cosignedAt}. Immutable.
 */
public final class SignedCheckpoint {
  private final Checkpoint checkpoint;
  private final SignedNote note;

  private SignedCheckpoint(Checkpoint checkpoint, SignedNote note) {
    this.checkpoint = checkpoint;
    this.note = note;
  }

  /** The broker's own. */
  public static SignedCheckpoint sign(TreeHead head, SigningKey broker) {
    NoteKey key = key(broker.verifyingKey());
    Checkpoint checkpoint = new Checkpoint(key.name(), head);
    String text = checkpoint.text();
    NoteSignature signature =
        new NoteSignature(key.name(), key.id(), broker.signExact(ByteString.copyFromUtf8(text)));
    return new SignedCheckpoint(checkpoint, new SignedNote(text, java.util.List.of(signature)));
  }

  /**
   * Reads a checkpoint, which must be of this broker's log and signed by it.
   *
   * @throws RefusedException INVALID_CHECKPOINT when it cannot be read, INVALID_SIGNATURE when it
   *     is another log's, is not signed by this key, or holds a line that claims to be and is not
   */
  public static SignedCheckpoint verify(ByteString bytes, VerifyingKey broker) {
    return verify(SignedNote.parse(bytes), broker);
  }

  static SignedCheckpoint verify(SignedNote note, VerifyingKey broker) {
    NoteKey key = key(broker);
    Checkpoint checkpoint = Checkpoint.parse(note.text());
    if (!checkpoint.origin().equals(key.name())) {
      throw unsigned(
          "it is of the log %s; expected %s".formatted(checkpoint.origin(), key.name()), key);
    }
    ByteString text = ByteString.copyFromUtf8(note.text());
    boolean signed = false;
    for (NoteSignature signature : note.signatures()) {
      if (key.named(signature)) {
        if (!broker.verifyExact(text, signature.value())) {
          throw unsigned("its signature is wrong", key);
        }
        signed = true;
      }
    }
    if (!signed) {
      throw unsigned("the broker has not signed it", key);
    }
    return new SignedCheckpoint(checkpoint, note);
  }

  /** The key that a broker signs checkpoints with, as notes name it. */
  public static NoteKey key(VerifyingKey broker) {
    return new NoteKey(Checkpoint.origin(broker), NoteKey.Algorithm.NOTE, broker);
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  public TreeHead head() {
    return checkpoint.head();
  }

  /** With all its signatures. */
  public SignedNote note() {
    return note;
  }

  public ByteString encode() {
    return note.encode();
  }

  /** One more cosignature, which the caller has checked. */
  public SignedCheckpoint with(NoteSignature cosignature) {
    return new SignedCheckpoint(checkpoint, note.with(cosignature));
  }

  private static RefusedException unsigned(String why, NoteKey key) {
    return new RefusedException(
        Reason.INVALID_SIGNATURE,
        "this checkpoint is not the broker's: " + why,
        Map.of("log", key.name()));
  }

  @Override
  public String toString() {
    return note.toString();
  }
}
