package io.parley.broker.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import io.parley.proto.broker.v1.Comparison;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.StrictMessages;
import java.security.SecureRandom;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the log as it is stored.
 *
 * @param bytes the exact bytes of a {@link LogEntry}; what the leaf hash is over
 * @param comparison the exact bytes of a {@link Comparison}; null when there is none
 * @param comparisonSalt null when there is no comparison
 */
record Entry(
    long index,
    ByteString bytes,
    @Nullable ByteString comparison,
    @Nullable ByteString comparisonSalt) {
  /** Longest text, UTF-8; longer ones are cut, so that whatever is refused can be logged. */
  static final int TEXT_BYTES_MAX = 8 << 10;

  private static final int SALT_BYTES = 16;
  private static final int COMPARISON_SALT_BYTES = 32;
  private static final String CUT = "...";

  /** The entry for a decision. */
  static Entry of(long index, Instant at, Decision decision, SecureRandom random) {
    @Nullable ByteString comparison = null;
    @Nullable ByteString salt = null;
    if (!decision.comparison().isEmpty()) {
      comparison = LoggedComparison.of(decision.comparison()).toByteString();
      salt = random(COMPARISON_SALT_BYTES, random);
    }
    return of(index, message(index, at, decision), comparison, salt, random(SALT_BYTES, random));
  }

  /** The entry for a message that lacks its salt and the hash of its comparison. */
  static Entry of(
      long index,
      LogEntry message,
      @Nullable ByteString comparison,
      @Nullable ByteString comparisonSalt,
      ByteString salt) {
    LogEntry.Builder salted = message.toBuilder().setSalt(salt);
    if (comparison != null && comparisonSalt != null) {
      salted.setComparisonSha256(Digest.of(comparisonSalt.concat(comparison)).value());
    }
    ByteString bytes = StrictMessages.encode(salted.build());
    if (bytes.size() > InclusionProof.ENTRY_BYTES_MAX) {
      throw new BugException("an entry of %d bytes does not fit the log".formatted(bytes.size()));
    }
    return new Entry(index, bytes, comparison, comparisonSalt);
  }

  Digest leaf() {
    return MerkleTree.leaf(bytes);
  }

  LogEntry message() {
    return message(bytes);
  }

  /** What an entry says; its hash was checked when the broker started. */
  static LogEntry message(ByteString bytes) {
    try {
      return LogEntry.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new BugException("an entry of the log cannot be read although its hash fits", e);
    }
  }

  static Comparison comparison(ByteString bytes) {
    try {
      return Comparison.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new BugException("a comparison cannot be read although its hash fits", e);
    }
  }

  /** Whether the comparison is the one that the entry holds a hash of. */
  boolean comparisonFits() {
    ByteString expected = message().getComparisonSha256();
    return comparison == null || comparisonSalt == null
        ? expected.isEmpty()
        : Digest.of(comparisonSalt.concat(comparison)).value().equals(expected);
  }

  static ByteString random(int bytes, SecureRandom random) {
    byte[] drawn = new byte[bytes];
    random.nextBytes(drawn);
    return ByteString.copyFrom(drawn);
  }

  private static LogEntry message(long index, Instant at, Decision decision) {
    var entry =
        io.parley.proto.broker.v1.Decision.newBuilder()
            .setIndex(index)
            .setAt(Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()))
            .setAction(decision.action().text())
            .setParty(decision.party())
            .setJobId(decision.jobId())
            .setReason(decision.reason())
            .setDetail(cut(decision.detail()));
    if (decision.agreement() != null) {
      entry.setAgreementSha256(decision.agreement().value());
    }
    if (decision.subject() != null) {
      entry.setSubjectSha256(decision.subject().value());
    }
    return LogEntry.newBuilder()
        .setDecision(entry)
        .addAllComparisonFor(decision.comparisonFor())
        .build();
  }

  /** Not more than an entry has room for. */
  static String cut(String text) {
    ByteString bytes = ByteString.copyFromUtf8(text);
    if (bytes.size() <= TEXT_BYTES_MAX) {
      return text;
    }
    int end = TEXT_BYTES_MAX;
    // Not within a character: what goes on with one begins with the bits 10.
    while ((bytes.byteAt(end) & 0xc0) == 0x80) {
      end--;
    }
    return bytes.substring(0, end).toStringUtf8() + CUT;
  }
}
