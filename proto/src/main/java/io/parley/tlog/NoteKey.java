package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Digest;
import java.util.Base64;

/**
 * A key that notes are signed with: C2SP signed-note, "Verifier keys". The name and the first four
 * bytes of a hash over name, algorithm and key find a signature's line; the key decides.
 *
 * @param algorithm what the signature is over
 */
public record NoteKey(String name, Algorithm algorithm, VerifyingKey key) {
  /** The signature types in use here; the byte is C2SP's. */
  public enum Algorithm {
    /** Ed25519 over the note's text. */
    NOTE(0x01),
    /** A timestamp and Ed25519 over a checkpoint seen then: C2SP tlog-cosignature. */
    COSIGNATURE(0x04);

    private final int identifier;

    Algorithm(int identifier) {
      this.identifier = identifier;
    }

    private ByteString bytes() {
      return ByteString.copyFrom(new byte[] {(byte) identifier});
    }
  }

  public NoteKey {
    if (!SignedNote.isName(name)) {
      throw new IllegalArgumentException("'%s' is no key name".formatted(name));
    }
  }

  /** The key's number in signature lines, four bytes. */
  public ByteString id() {
    return Digest.of(
            ByteString.copyFromUtf8(name + "\n").concat(algorithm.bytes()).concat(key.value()))
        .value()
        .substring(0, SignedNote.KEY_ID_BYTES);
  }

  /** Whether this line says that it is by this key. */
  public boolean named(NoteSignature signature) {
    return signature.name().equals(name) && signature.keyId().equals(id());
  }

  /** As other tools of C2SP take it. */
  @Override
  public String toString() {
    StringBuilder hex = new StringBuilder();
    for (byte part : id()) {
      hex.append("%02x".formatted(part));
    }
    byte[] typed = algorithm.bytes().concat(key.value()).toByteArray();
    return name + "+" + hex + "+" + Base64.getEncoder().encodeToString(typed);
  }
}
