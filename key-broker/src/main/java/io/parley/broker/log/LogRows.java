package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.broker.store.Columns;
import io.parley.broker.store.PlainStatement;
import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.TreeNodes;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** The log in the database; every method runs within its caller's transaction. */
final class LogRows {
  /** A stored checkpoint. */
  record StoredCheckpoint(long size, ByteString note, ByteString mac) {}

  /** An entry with the columns beside it, which must say the same. */
  record Row(
      Entry entry,
      Digest leaf,
      ByteString agreement,
      String jobId,
      String party,
      boolean everyone) {

    /** Whether the columns are those that the entry is stored with. */
    boolean fits() {
      Decision decision = entry.message().getDecision();
      return decision.getIndex() == entry.index()
          && decision.getAgreementSha256().equals(agreement)
          && decision.getJobId().equals(jobId)
          && decision.getParty().equals(party)
          && isForEveryone(decision) == everyone
          && entry.comparisonFits();
    }
  }

  private static final PlainStatement INSERT =
      new PlainStatement(
          """
          INSERT INTO log_entry (idx, agreement, job_id, party, everyone, entry, leaf,
                                 comparison, comparison_salt)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """);

  private static final PlainStatement SIZE =
      new PlainStatement("SELECT coalesce(max(idx) + 1, 0) FROM log_entry");
  private static final PlainStatement PUT_CHECKPOINT =
      new PlainStatement(
          """
          INSERT INTO log_checkpoint (only, size, note, mac) VALUES (1, ?, ?, ?)
          ON CONFLICT (only) DO UPDATE
          SET size = excluded.size, note = excluded.note, mac = excluded.mac
          """);

  private LogRows() {}

  /**
   * @param decision what the entry says
   */
  static void insert(Handle write, Entry entry, Decision decision, Digest leaf) {
    INSERT.execute(
        write,
        entry.index(),
        decision.getAgreementSha256().isEmpty()
            ? null
            : decision.getAgreementSha256().toByteArray(),
        decision.getJobId(),
        decision.getParty(),
        isForEveryone(decision) ? 1 : 0,
        entry.bytes().toByteArray(),
        Columns.of(leaf),
        entry.comparison() == null ? null : entry.comparison().toByteArray(),
        entry.comparisonSalt() == null ? null : entry.comparisonSalt().toByteArray());
  }

  private static boolean isForEveryone(Decision decision) {
    return decision.getAction().equals(io.parley.broker.log.Decision.Action.MEMBERSHIP.text());
  }

  /** How many entries there are. */
  static long size(Handle read) {
    return SIZE.first(read, row -> row.getLong(1)).orElse(0L);
  }

  /** All entries from this one on, in order; the caller closes. */
  static Stream<Row> from(Handle read, long index) {
    return read
        .createQuery("SELECT * FROM log_entry WHERE idx >= :idx ORDER BY idx")
        .bind("idx", index)
        .map((row, context) -> row(row))
        .stream();
  }

  /** Leaf hashes of these entries, in order. */
  static List<Digest> leaves(Handle read, long start, long end) {
    return read.createQuery(
            "SELECT leaf FROM log_entry WHERE idx >= :start AND idx < :end ORDER BY idx")
        .bind("start", start)
        .bind("end", end)
        .map((row, context) -> Columns.digest(row, "leaf"))
        .list();
  }

  /** Exact bytes of these entries, in order. */
  static List<ByteString> entries(Handle read, long start, long end) {
    return read.createQuery(
            "SELECT entry FROM log_entry WHERE idx >= :start AND idx < :end ORDER BY idx")
        .bind("start", start)
        .bind("end", end)
        .map((row, context) -> Columns.bytes(row, "entry"))
        .list();
  }

  static void insertNode(Handle write, int level, long index, Digest hash) {
    write
        .createUpdate("INSERT INTO log_node (level, idx, hash) VALUES (:level, :idx, :hash)")
        .bind("level", level)
        .bind("idx", index)
        .bind("hash", Columns.of(hash))
        .execute();
  }

  /** Hashes of one tile level, in order: leaves at level 0. */
  static List<Digest> hashes(Handle read, int level, long start, long end) {
    if (level == 0) {
      return leaves(read, start, end);
    }
    return read.createQuery(
            """
            SELECT hash FROM log_node WHERE level = :level AND idx >= :start AND idx < :end
            ORDER BY idx
            """)
        .bind("level", level)
        .bind("start", start)
        .bind("end", end)
        .map((row, context) -> Columns.digest(row, "hash"))
        .list();
  }

  /** How many nodes are stored at all. */
  static long nodes(Handle read) {
    return read.createQuery("SELECT count(*) FROM log_node").mapTo(Long.class).one();
  }

  /** The stored tree, as far as it reaches in this transaction. */
  static TreeNodes tree(Handle read) {
    return new StoredTree((level, start, end) -> {
      List<Digest> hashes = hashes(read, level, start, end);
      if (hashes.size() != end - start) {
        throw new BugException(
            "the log lacks hashes %d to %d of level %d".formatted(start, end, level));
      }
      return hashes;
    });
  }

  static Optional<StoredCheckpoint> checkpoint(Handle read) {
    return read.createQuery("SELECT size, note, mac FROM log_checkpoint")
        .map((row, context) ->
            new StoredCheckpoint(
                row.getLong("size"), Columns.bytes(row, "note"), Columns.bytes(row, "mac")))
        .findOne();
  }

  static void putCheckpoint(Handle write, StoredCheckpoint checkpoint) {
    PUT_CHECKPOINT.execute(
        write, checkpoint.size(), checkpoint.note().toByteArray(), checkpoint.mac().toByteArray());
  }

  /** Checkpoints of at least this size that somebody cosigned, the largest first. */
  static List<ByteString> cosigned(Handle read, long least) {
    return read.createQuery(
            "SELECT note FROM cosigned_checkpoint WHERE size >= :least ORDER BY size DESC")
        .bind("least", least)
        .map((row, context) -> Columns.bytes(row, "note"))
        .list();
  }

  static Optional<ByteString> cosignedOfSize(Handle read, long size) {
    return read.createQuery("SELECT note FROM cosigned_checkpoint WHERE size = :size")
        .bind("size", size)
        .map((row, context) -> Columns.bytes(row, "note"))
        .findOne();
  }

  /** Keeps a cosigned checkpoint, and lets go of the smallest when there are too many. */
  static void putCosigned(Handle write, long size, ByteString note, int most) {
    write
        .createUpdate(
            """
            INSERT INTO cosigned_checkpoint (size, note) VALUES (:size, :note)
            ON CONFLICT (size) DO UPDATE SET note = :note
            """)
        .bind("size", size)
        .bind("note", note.toByteArray())
        .execute();
    write
        .createUpdate(
            """
            DELETE FROM cosigned_checkpoint WHERE size NOT IN
              (SELECT size FROM cosigned_checkpoint ORDER BY size DESC LIMIT :most)
            """)
        .bind("most", most)
        .execute();
  }

  static Row row(ResultSet row) throws SQLException {
    ByteString agreement = Columns.bytesOrNull(row, "agreement");
    return new Row(
        new Entry(
            row.getLong("idx"),
            Columns.bytes(row, "entry"),
            Columns.bytesOrNull(row, "comparison"),
            Columns.bytesOrNull(row, "comparison_salt")),
        Columns.digest(row, "leaf"),
        agreement == null ? ByteString.EMPTY : agreement,
        Columns.text(row, "job_id"),
        Columns.text(row, "party"),
        row.getInt("everyone") == 1);
  }
}
