package io.parley.tlog;

import com.google.protobuf.ByteString;
import java.util.Base64;

/**
 * One signature line of a note.
 *
 * @param name of the key, as the line has it
 * @param keyId four bytes
 * @param value what follows the key id; its meaning is the algorithm's
 */
public record NoteSignature(String name, ByteString keyId, ByteString value) {
  public NoteSignature {
    if (!SignedNote.isName(name) || keyId.size() != SignedNote.KEY_ID_BYTES) {
      throw new IllegalArgumentException("no signature line");
    }
  }

  /** With its newline. */
  public String line() {
    byte[] bytes = keyId.concat(value).toByteArray();
    return SignedNote.DASH + name + " " + Base64.getEncoder().encodeToString(bytes) + "\n";
  }
}
