package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;

/**
 * A party that cosigns checkpoints: C2SP tlog-cosignature, "cosignature/v1". A cosignature says
 * that at its time this was the largest tree of the log that the witness had seen, and that it held
 * all that the witness had seen before.
 *
 * @param key named {@code parley.witness/PARTY}
 */
public record Witness(NoteKey key) {
  private static final String NAME = "parley.witness/";
  private static final String HEADER = "cosignature/v1\ntime %d\n";

  /** The witness of this party. */
  public static Witness of(String party, VerifyingKey witnessKey) {
    return new Witness(new NoteKey(NAME + party, NoteKey.Algorithm.COSIGNATURE, witnessKey));
  }

  /**
   * The cosignature of this witness.
   *
   * @param at whole seconds count
   */
  public NoteSignature cosign(Checkpoint checkpoint, Instant at, SigningKey witnessKey) {
    if (!witnessKey.verifyingKey().equals(key.key())) {
      throw new IllegalArgumentException("this is another witness's key");
    }
    long seconds = at.getEpochSecond();
    ByteString signature = witnessKey.signExact(message(checkpoint, seconds));
    return new NoteSignature(key.name(), key.id(), time(seconds).concat(signature));
  }

  /** When this witness cosigned; empty when this is not its cosignature under this checkpoint. */
  public Optional<Instant> cosignedAt(Checkpoint checkpoint, NoteSignature signature) {
    ByteString value = signature.value();
    if (!key.named(signature) || value.size() != Long.BYTES + VerifyingKey.SIGNATURE_BYTES) {
      return Optional.empty();
    }
    long seconds = value.substring(0, Long.BYTES).asReadOnlyByteBuffer().getLong();
    if (seconds < 0 || seconds > Instant.MAX.getEpochSecond()) {
      return Optional.empty();
    }
    return key.key().verifyExact(message(checkpoint, seconds), value.substring(Long.BYTES))
        ? Optional.of(Instant.ofEpochSecond(seconds))
        : Optional.empty();
  }

  /** When this witness cosigned; empty when there is no cosignature of its under this note. */
  public Optional<Instant> cosignedAt(SignedCheckpoint signed) {
    return signed.note().signatures().stream()
        .flatMap(signature -> cosignedAt(signed.checkpoint(), signature).stream())
        .findFirst();
  }

  private static ByteString message(Checkpoint checkpoint, long seconds) {
    return ByteString.copyFromUtf8(HEADER.formatted(seconds) + checkpoint.text());
  }

  private static ByteString time(long seconds) {
    return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, seconds));
  }
}
