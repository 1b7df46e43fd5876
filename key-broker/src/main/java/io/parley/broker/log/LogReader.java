package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.agreement.Party;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeProofs;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Reads the log for one party, which sees the entries that concern it, and of all others the
 * hashes: enough to check the whole tree. Thread-safe.
 */
public final class LogReader {
  /** Most entries in one answer of {@link #entries}. */
  public static final int ENTRIES_MAX = Tiles.WIDTH;

  /**
   * Bytes of decisions that a page ends at, whatever was asked for: what a hostile asker made be
   * recorded must not keep an owner from reading.
   */
  static final int PAGE_BYTES = 4 << 20;

  /** Most proofs in one answer. */
  static final int PROOFS_MAX = 1000;

  /** Of decisions {@code d}, what concerns the party: its agreements, its own, everybody's. */
  private static final String CONCERNS =
      """
      (EXISTS (SELECT 1 FROM agreement_party p
               WHERE p.agreement = d.agreement AND p.party = :party AND p.signing_key = :key)
       OR d.everyone = 1 OR (d.agreement IS NULL AND d.party = :party))
      """;

  private final Store store;
  private final AuditLog log;

  public LogReader(Store store, AuditLog log) {
    this.store = store;
    this.log = log;
  }

  /**
   * Decisions about agreements that name the party and its signing key, about what the party itself
   * asked, and about the membership list; oldest first.
   *
   * @param jobId only this job, unless empty
   * @param from index to begin at
   * @param limit most that the page has
   */
  public DecisionPage decisions(Party party, String jobId, long from, int limit) {
    return store.read(read -> {
      List<Decision> page = new ArrayList<>();
      long bytes = 0;
      try (Stream<LogRows.Row> rows = rows(read, party, jobId, from, limit)) {
        for (LogRows.Row row : (Iterable<LogRows.Row>) rows::iterator) {
          Decision decision = decision(party, row);
          page.add(decision);
          bytes += decision.getSerializedSize();
          if (bytes >= PAGE_BYTES) {
            break;
          }
        }
      }
      return new DecisionPage(page, page.size() == limit || bytes >= PAGE_BYTES);
    });
  }

  /** Entries from this index on; exact bytes of those only that concern the party. */
  public List<ReadableEntry> entries(Party party, long start, int count) {
    long end = Math.min(log.checkpoint().head().size(), Math.addExact(start, count));
    return store.read(read ->
        read.createQuery(
                "SELECT d.*, "
                    + CONCERNS
                    + " AS readable FROM log_entry d WHERE idx >= :start AND idx < :end ORDER BY idx")
            .bind("party", party.name())
            .bind("key", Columns.of(party.signingKey().digest()))
            .bind("start", start)
            .bind("end", end)
            .map((row, context) -> readable(party, LogRows.row(row), row.getInt("readable") == 1))
            .list());
  }

  /**
   * A hash tile.
   *
   * @throws RefusedException INVALID_REQUEST when the tree has no such tile
   */
  public ByteString tile(int level, long number, int width) {
    int most =
        level >= 0 && level < 8 && number >= 0 && number < 1L << 40
            ? Tiles.width(level, number, log.checkpoint().head().size())
            : 0;
    if (width < 1 || width > most) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the log has no tile %d of level %d with %d hashes".formatted(number, level, width),
          Map.of("field", "width"));
    }
    long start = number * Tiles.WIDTH;
    return store.read(
        read -> Tiles.encodeHashes(LogRows.hashes(read, level, start, start + width)));
  }

  /** Inclusion proofs of a job's decisions that concern the party, oldest first. */
  public List<InclusionProof> proveJob(Party party, String jobId) {
    return store.read(read -> {
      try (Stream<LogRows.Row> rows = rows(read, party, jobId, 0, PROOFS_MAX)) {
        return rows.toList().stream().map(row -> prove(read, row.entry())).toList();
      }
    });
  }

  /** That an entry is in the log. The caller must be somebody who may read it. */
  public InclusionProof prove(long index) {
    return store.read(read -> {
      try (var rows = LogRows.from(read, index)) {
        return prove(read, rows.findFirst().orElseThrow().entry());
      }
    });
  }

  /** The entry of a job's decision of this kind by this party: the last one. */
  public InclusionProof prove(
      String jobId, String party, io.parley.broker.log.Decision.Action action) {
    return store.read(read ->
        read
            .createQuery(
                "SELECT * FROM log_entry WHERE job_id = :job AND job_id <> '' AND party = :party"
                    + " ORDER BY idx DESC")
            .bind("job", jobId)
            .bind("party", party)
            .map((row, context) -> LogRows.row(row).entry())
            // A stream that is left before its end would hold the reader's transaction open.
            .list()
            .stream()
            .filter(entry -> entry.message().getDecision().getAction().equals(action.text()))
            .findFirst()
            .map(entry -> prove(read, entry))
            .orElseThrow(() ->
                new RefusedException(
                    Reason.RECEIPT_NOT_FOUND,
                    "the log has no decision '%s' about job %s".formatted(action.text(), jobId),
                    Map.of("job", jobId))));
  }

  private InclusionProof prove(Handle read, Entry entry) {
    SignedCheckpoint checkpoint = best(read, entry.index());
    return new InclusionProof(
        entry.bytes(),
        entry.index(),
        TreeProofs.inclusion(LogRows.tree(read), entry.index(), checkpoint.head().size()),
        checkpoint.note());
  }

  /** Of the checkpoints that hold the entry, the one that most witnesses cosigned. */
  private SignedCheckpoint best(Handle read, long index) {
    return LogRows.cosigned(read, index + 1).stream()
        .map(note -> SignedCheckpoint.verify(note, log.brokerKey()))
        .max(
            Comparator.comparingInt(
                    (SignedCheckpoint checkpoint) -> checkpoint.note().signatures().size())
                .thenComparingLong(checkpoint -> checkpoint.head().size()))
        .orElseGet(() -> stored(read));
  }

  /**
   * The checkpoint as this transaction has it: the log's own may be of a commit before or after it.
   */
  private SignedCheckpoint stored(Handle read) {
    return LogRows.checkpoint(read)
        .map(stored -> SignedCheckpoint.verify(stored.note(), log.brokerKey()))
        .orElseThrow(() -> new BugException("the log has entries and no checkpoint"));
  }

  private static Stream<LogRows.Row> rows(
      Handle read, Party party, String jobId, long from, int limit) {
    String job = jobId.isEmpty() ? "" : " AND d.job_id = :job AND d.job_id <> ''";
    return read
        .createQuery(
            "SELECT d.* FROM log_entry d WHERE idx >= :from AND "
                + CONCERNS
                + job
                + " ORDER BY idx LIMIT :limit")
        .bind("from", from)
        .bind("job", jobId)
        .bind("party", party.name())
        .bind("key", Columns.of(party.signingKey().digest()))
        .bind("limit", limit)
        .map((row, context) -> LogRows.row(row))
        .stream();
  }

  private static Decision decision(Party party, LogRows.Row row) {
    LogEntry entry = row.entry().message();
    Decision.Builder decision = entry.getDecision().toBuilder().setLeafHash(row.leaf().value());
    ByteString comparison = row.entry().comparison();
    if (comparison != null && entry.getComparisonForList().contains(party.name())) {
      decision.setComparison(Entry.comparison(comparison));
    }
    return decision.build();
  }

  private static ReadableEntry readable(Party party, LogRows.Row row, boolean may) {
    ReadableEntry.Builder entry =
        ReadableEntry.newBuilder().setIndex(row.entry().index()).setLeafHash(row.leaf().value());
    if (may) {
      entry.setEntry(row.entry().bytes());
      ByteString comparison = row.entry().comparison();
      ByteString salt = row.entry().comparisonSalt();
      if (comparison != null
          && salt != null
          && row.entry().message().getComparisonForList().contains(party.name())) {
        entry.setComparison(comparison).setComparisonSalt(salt);
      }
    }
    return entry.build();
  }
}
