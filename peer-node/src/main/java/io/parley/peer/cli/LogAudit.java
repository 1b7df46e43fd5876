package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeEdge;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Checks a whole log, wherever it comes from. */
final class LogAudit {
  /**
   * What was checked.
   *
   * @param read entries whose bytes were hashed
   * @param cosignedBefore size of what this home's node last cosigned; null when it did not. More
   *     than the log has: it was not compared
   */
  record Report(
      SignedCheckpoint checkpoint,
      long read,
      List<String> cosigners,
      @Nullable Long cosignedBefore) {
    String sentence() {
      if (cosignedBefore == null) {
        return "Good: the broker signed this log. No node here has cosigned anything to compare with.";
      }
      return cosignedBefore > checkpoint.head().size()
          ? "Good: the broker signed this log. Not checked: whether the longer one that this home's"
              + " node cosigned begins with it."
          : "Good: the broker signed this log, and it begins with what this home's node cosigned.";
    }

    Map<String, @Nullable Object> fields() {
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      fields.put("log", checkpoint.checkpoint().origin());
      fields.put("entries", checkpoint.head().size());
      fields.put("entries_read", read);
      fields.put("root", checkpoint.head().root().toString());
      fields.put("cosigned_by", cosigners);
      fields.put("cosigned_before", cosignedBefore);
      return fields;
    }
  }

  private final VerifyingKey brokerKey;
  private final LogWitnesses witnesses;

  LogAudit(VerifyingKey brokerKey, LogWitnesses witnesses) {
    this.brokerKey = brokerKey;
    this.witnesses = witnesses;
  }

  /**
   * Reads all of it; it must be the newest.
   *
   * @param seen is given every entry whose leaf hash was compared
   * @throws RefusedException INVALID_CHECKPOINT, INVALID_SIGNATURE, INVALID_PROOF when the log is
   *     not the one that the broker signed; LOG_FORKED when it is not the one that was cosigned
   */
  Report run(LogSource source, Consumer<ReadableEntry> seen) throws IOException {
    return run(source, seen, false);
  }

  /** As {@link #run}, but it may be older than what was cosigned since. */
  Report runKept(LogSource source, Consumer<ReadableEntry> seen) throws IOException {
    return run(source, seen, true);
  }

  private Report run(LogSource source, Consumer<ReadableEntry> seen, boolean older)
      throws IOException {
    SignedCheckpoint checkpoint = SignedCheckpoint.verify(source.checkpoint(), brokerKey);
    Optional<SignedCheckpoint> cosigned = witnesses.lastCosigned(brokerKey);
    long size = checkpoint.head().size();
    if (!older && cosigned.isPresent() && cosigned.get().head().size() > size) {
      throw forked(cosigned.get(), size);
    }
    TreeEdge edge = TreeEdge.EMPTY;
    long read = 0;
    requireCosigned(cosigned, edge);
    while (edge.size() < size) {
      long before = edge.size();
      for (ReadableEntry entry : source.entries(before, size)) {
        if (edge.size() == size) {
          break;
        }
        edge = edge.append(leaf(entry, edge.size()));
        requireCosigned(cosigned, edge);
        read += entry.getEntry().isEmpty() ? 0 : 1;
        seen.accept(entry);
      }
      if (edge.size() == before) {
        throw wrong("entry %d is missing".formatted(before));
      }
    }
    if (!edge.head().equals(checkpoint.head())) {
      throw wrong("its %d entries have another root than the broker signed".formatted(size));
    }
    return new Report(
        checkpoint,
        read,
        witnesses.cosigners(checkpoint),
        cosigned.map(before -> before.head().size()).orElse(null));
  }

  /** The entry's leaf hash, which is that of its bytes where they are readable. */
  static Digest leaf(ReadableEntry entry, long index) {
    Digest leaf = new Digest(entry.getLeafHash());
    if (entry.getIndex() != index) {
      throw wrong("entry %d is missing".formatted(index));
    }
    if (!entry.getEntry().isEmpty()) {
      LogEntry content = LogCommands.entry(entry.getEntry());
      Decision decision = content.getDecision();
      if (!MerkleTree.leaf(entry.getEntry()).equals(leaf) || decision.getIndex() != index) {
        throw wrong("entry %d is not the one that its hash is of".formatted(index));
      }
      requireComparison(content, entry, index);
    }
    return leaf;
  }

  private static void requireComparison(LogEntry content, ReadableEntry entry, long index) {
    ByteString comparison = entry.getComparison();
    if (!comparison.isEmpty()
        && !Digest.of(entry.getComparisonSalt().concat(comparison))
            .value()
            .equals(content.getComparisonSha256())) {
      throw wrong("the comparison of entry %d is not the one that was logged".formatted(index));
    }
  }

  private static void requireCosigned(Optional<SignedCheckpoint> cosigned, TreeEdge edge) {
    if (cosigned.isPresent()
        && cosigned.get().head().size() == edge.size()
        && !cosigned.get().head().equals(edge.head())) {
      throw forked(cosigned.get(), edge.size());
    }
  }

  private static RefusedException forked(SignedCheckpoint cosigned, long size) {
    return new RefusedException(
        Reason.LOG_FORKED,
        "the node of this home cosigned a log of %d entries; this one of %d does not begin with it"
            .formatted(cosigned.head().size(), size),
        Map.of("cosigned", Long.toString(cosigned.head().size())));
  }

  private static RefusedException wrong(String how) {
    return new RefusedException(
        Reason.INVALID_PROOF, "the log is not the one that the broker signed: " + how, Map.of());
  }
}
