package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Writes a sealed result file (parley/enclave/v1/result.proto): a head in clear, then a stream that
 * each recipient can open. Constant memory; bytes go out as they come in, a mebibyte at a time.
 *
 * <p>A file that was not finished does not open. Not thread-safe.
 */
public final class SealedResultWriter implements AutoCloseable {
  static final byte[] MAGIC = "PARLEYR1".getBytes(StandardCharsets.US_ASCII);

  private final WritableByteChannel file;
  private final SegmentSealer sealer;
  private final MessageDigest sha256 = Digest.newSha256();
  private final ByteBuffer plain = ByteBuffer.allocateDirect(SegmentCipher.SEGMENT_BYTES);
  private final ByteBuffer sealed = ByteBuffer.allocateDirect(SegmentCipher.SEGMENT_BYTES);
  private long sizeBytes;
  private boolean finished;

  private SealedResultWriter(WritableByteChannel file, SegmentSealer sealer) {
    this.file = file;
    this.sealer = sealer;
    plain.limit(sealer.capacity());
  }

  /** What a file is, by its name in receipts. */
  public record Sealed(Digest sha256, long sizeBytes) {}

  /**
   * Starts a file with a fresh result key, which is sealed to every recipient.
   *
   * @param result its name
   * @param format arrow, csv or json
   * @param evidenceKind of this enclave
   * @param recipients result keys of the parties that may open it, by name
   * @throws EnvironmentException IO_FAILED when the head cannot be written
   */
  public static SealedResultWriter create(
      WritableByteChannel file,
      Bindings.Result result,
      String format,
      String evidenceKind,
      SortedMap<String, HpkePublicKey> recipients,
      SecureRandom random) {
    try (Secret key = Secret.random(SealedKey.KEY_SIZE_BYTES, random)) {
      List<SealedKey> sealedKeys = new ArrayList<>();
      recipients.forEach(
          (party, to) -> sealedKeys.add(Hpke.seal(party, to, result.recipient(party), key)));
      ByteString head =
          new ResultHead(
                  result.result(),
                  result.jobId(),
                  result.agreement(),
                  format,
                  evidenceKind,
                  sealedKeys)
              .encode();
      SegmentSealer sealer = new SegmentSealer(key, Digest.of(head).value(), random);
      SealedResultWriter writer = new SealedResultWriter(file, sealer);
      writer.emit(prologue(head).concat(sealer.header()).asReadOnlyByteBuffer());
      return writer;
    }
  }

  /**
   * Takes all of {@code source}.
   *
   * @throws EnvironmentException IO_FAILED when the file cannot be written
   */
  public void write(ByteBuffer source) {
    if (finished) {
      throw new BugException("a finished result is written to");
    }
    while (source.hasRemaining()) {
      if (!plain.hasRemaining()) {
        seal(false);
      }
      int count = Math.min(plain.remaining(), source.remaining());
      plain.put(plain.position(), source, source.position(), count);
      plain.position(plain.position() + count);
      source.position(source.position() + count);
    }
  }

  /** Seals the last segment; says what the whole file is. Leaves the file open. */
  public Sealed finish() {
    if (finished) {
      throw new BugException("a result is finished twice");
    }
    seal(true);
    finished = true;
    RecordSender.wipe(plain);
    return new Sealed(Digest.ofValue(sha256.digest()), sizeBytes);
  }

  /** Wipes what is in memory. Neither finishes nor closes the file. */
  @Override
  public void close() {
    finished = true;
    RecordSender.wipe(plain);
  }

  static ByteString prologue(ByteString head) {
    ByteBuffer start = ByteBuffer.allocate(MAGIC.length + Integer.BYTES);
    start.put(MAGIC).putInt(head.size()).flip();
    return ByteString.copyFrom(start).concat(head);
  }

  private void seal(boolean last) {
    plain.flip();
    sealed.clear();
    sealer.seal(plain, last, sealed);
    emit(sealed.flip());
    plain.clear().limit(sealer.capacity());
  }

  private void emit(ByteBuffer bytes) {
    sha256.update(bytes.duplicate());
    sizeBytes += bytes.remaining();
    try {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "a sealed result could not be written: " + e.getMessage(), Map.of(), e);
    }
  }
}
