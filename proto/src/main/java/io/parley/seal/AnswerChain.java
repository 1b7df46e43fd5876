package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The records of answers over one dataset as a chain: the digest after a record covers it, whose
 * answer it was, and all that came before. Broker and enclaves compute it alike
 * (deploy/docs/protocol.md, "Records of answers"). Stateless.
 */
public final class AnswerChain {
  /** Label of an enclave's signature under what it asks. */
  public static final String ASKED_LABEL = "parley/v1/answers-asked";

  /** Label of the broker's signature under how many records there are. */
  public static final String HEAD_LABEL = "parley/v1/answers-head";

  /** Label of an enclave's signature under a record that is to be added. */
  public static final String GIVEN_LABEL = "parley/v1/answer-given";

  /** Label of the broker's signature under what was added. */
  public static final String RECORDED_LABEL = "parley/v1/answer-recorded";

  /** Most bytes of records in one answer, and in one page of them. */
  public static final int MAX_PAGE_BYTES = 3 << 20;

  /** Most records of one dataset and epoch. */
  public static final int MAX_RECORDS = 10_000;

  /** Most bytes of the records of one dataset and epoch. */
  public static final long MAX_BYTES = 64L << 20;

  /** Of an enclave's nonce. */
  public static final int NONCE_SIZE_BYTES = 32;

  /** Before the first record. */
  public static final Digest START = Digest.ofValue(new byte[Digest.SIZE_BYTES]);

  private static final String LABEL = "parley/v1/answer-chain";

  private AnswerChain() {}

  /**
   * The chain's digest after one more record.
   *
   * @param previous before it
   * @param jobId whose answer it was
   */
  public static Digest next(Digest previous, String jobId, ByteString record) {
    MessageDigest sha256 = Digest.newSha256();
    sha256.update(LABEL.getBytes(StandardCharsets.US_ASCII));
    sha256.update((byte) 0);
    sha256.update(previous.value().asReadOnlyByteBuffer());
    sha256.update(Digest.of(record).value().asReadOnlyByteBuffer());
    sha256.update(jobId.getBytes(StandardCharsets.UTF_8));
    return Digest.ofValue(sha256.digest());
  }
}
