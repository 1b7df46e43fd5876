package io.parley.broker.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append-only record of decisions: a chain of hashes, {@code hash(n) = SHA-256(hash(n-1) ||
 * entry(n))} with 32 zero bytes before the first, and a MAC over where it ends.
 *
 * <p>Guarantee: an entry is in the same transaction as the change it is about; a record that was
 * changed, cut or extended without the broker's master secret is found when the broker starts. Not
 * guaranteed: that somebody who can put back an older copy of the whole file is found out.
 * Thread-safe.
 */
public final class AuditLog {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
  private static final ByteString START = ByteString.copyFrom(new byte[Digest.SIZE_BYTES]);

  private final InstantSource clock;
  private final LogSeal seal;

  public AuditLog(InstantSource clock, LogSeal seal) {
    this.clock = clock;
    this.seal = seal;
  }

  /** Appends, within the caller's write transaction. */
  public void append(Handle write, Decision decision) {
    Head last = head(write).orElse(new Head(0, START));
    long sequence = Math.addExact(last.sequence(), 1);
    ByteString entry = encode(sequence, clock.instant(), decision).toByteString();
    Head next = new Head(sequence, hash(last.hash(), entry));
    write
        .createUpdate(
            """
            INSERT INTO decision (sequence, agreement, job_id, party, everyone, entry, hash)
            VALUES (:sequence, :agreement, :job, :party, :everyone, :entry, :hash)
            """)
        .bind("sequence", sequence)
        .bind("agreement", decision.agreement() == null ? null : Columns.of(decision.agreement()))
        .bind("job", decision.jobId())
        .bind("party", decision.party())
        .bind("everyone", decision.action() == Decision.Action.MEMBERSHIP)
        .bind("entry", entry.toByteArray())
        .bind("hash", next.hash().toByteArray())
        .execute();
    write
        .createUpdate(
            """
            INSERT INTO decision_head (only, sequence, hash, mac) VALUES (1, :sequence, :hash, :mac)
            ON CONFLICT (only) DO UPDATE SET sequence = :sequence, hash = :hash, mac = :mac
            """)
        .bind("sequence", sequence)
        .bind("hash", next.hash().toByteArray())
        .bind("mac", seal.seal(next.bytes()).toByteArray())
        .execute();
    // Said when it is so: the transaction may still fail.
    write.afterCommit(() -> say(sequence, decision));
  }

  private static void say(long sequence, Decision decision) {
    LOG.info(
        "decision {} {} party={} agreement={} job={} {} {}",
        sequence,
        decision.action().text(),
        decision.party(),
        decision.agreement() == null ? "-" : decision.agreement(),
        decision.jobId().isEmpty() ? "-" : decision.jobId(),
        decision.reason(),
        decision.detail());
  }

  /**
   * Re-hashes the whole record and compares its end with the sealed one.
   *
   * @return how many entries there are
   * @throws EnvironmentException STORE_FAILED, naming the first entry that does not fit
   */
  public long verify(Store store) {
    return store.read(read -> {
      Head end = rehash(read);
      Head sealed = head(read).orElse(new Head(0, START));
      if (!end.equals(sealed)) {
        throw broken(
            end.sequence(),
            "the record ends at entry %d, the broker wrote up to entry %d"
                .formatted(end.sequence(), sealed.sequence()));
      }
      return end.sequence();
    });
  }

  private static Head rehash(Handle read) {
    try (var rows =
        read
            .createQuery("SELECT sequence, entry, hash FROM decision ORDER BY sequence")
            .map((row, context) -> new Row(row.getLong(1), row.getBytes(2), row.getBytes(3)))
            .stream()) {
      Head[] last = {new Head(0, START)};
      rows.forEach(row -> last[0] = follow(last[0], row));
      return last[0];
    }
  }

  private static Head follow(Head last, Row row) {
    ByteString hash = hash(last.hash(), ByteString.copyFrom(row.entry()));
    if (row.sequence() != last.sequence() + 1) {
      throw broken(
          row.sequence(),
          "entry %d is missing; entry %d comes next"
              .formatted(last.sequence() + 1, row.sequence()));
    }
    if (!hash.equals(ByteString.copyFrom(row.hash()))) {
      throw broken(
          row.sequence(), "entry %d was changed after it was written".formatted(row.sequence()));
    }
    return new Head(row.sequence(), hash);
  }

  private Optional<Head> head(Handle handle) {
    return handle
        .createQuery("SELECT sequence, hash, mac FROM decision_head")
        .map((row, context) -> {
          Head head = new Head(row.getLong("sequence"), Columns.bytes(row, "hash"));
          ByteString mac = Columns.bytes(row, "mac");
          if (!MessageDigest.isEqual(mac.toByteArray(), seal.seal(head.bytes()).toByteArray())) {
            throw broken(
                head.sequence(),
                "the seal on its end (entry %d) is not this broker's".formatted(head.sequence()));
          }
          return head;
        })
        .findOne();
  }

  private static EnvironmentException broken(long sequence, String how) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the record of decisions is broken: %s. Put back broker.db and master.key from one backup,"
                .formatted(how)
            + " or keep them as proof and set up a new broker",
        Map.of("entry", Long.toString(sequence)));
  }

  private static LogEntry encode(long sequence, Instant at, Decision decision) {
    var entry =
        io.parley.proto.broker.v1.Decision.newBuilder()
            .setSequence(sequence)
            .setAt(Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()))
            .setAction(decision.action().text())
            .setParty(decision.party())
            .setJobId(decision.jobId())
            .setReason(decision.reason())
            .setDetail(decision.detail());
    if (decision.agreement() != null) {
      entry.setAgreementSha256(decision.agreement().value());
    }
    return LogEntry.newBuilder()
        .setDecision(entry)
        .setComparison(decision.comparison())
        .addAllComparisonFor(decision.comparisonFor())
        .build();
  }

  private static ByteString hash(ByteString previous, ByteString entry) {
    return Digest.of(previous.concat(entry)).value();
  }

  private record Row(long sequence, byte[] entry, byte[] hash) {}

  private record Head(long sequence, ByteString hash) {
    ByteString bytes() {
      return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, sequence)).concat(hash);
    }
  }
}
