package io.parley.broker.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.broker.store.CommitHook;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** A broker's database without the broker: to change it behind its back, or to set it back. */
public final class TestLog {
  private static final SecureRandom RANDOM = new SecureRandom();

  private TestLog() {}

  /** The database, with nobody who writes checkpoints. */
  public static Store store(Path file) {
    return store(file, CommitHook.NONE);
  }

  /** The same with a part in every commit. */
  public static Store store(Path file, CommitHook hook) {
    SigningKey key = SigningKey.generate(RANDOM);
    return Store.open(file, hook, FaultPoints.NONE, new TreeMigration(log(key), key, RANDOM));
  }

  static AuditLog log(SigningKey key) {
    return new AuditLog(() -> Instant.EPOCH, RANDOM, key, sealBy("key"), FaultPoints.NONE);
  }

  static LogSeal sealBy(String key) {
    return bytes -> Digest.of(ByteString.copyFromUtf8(key).concat(bytes)).value();
  }

  /** Makes of it what the version before the tree would have written. */
  public static int downgrade(Handle write, LogSeal seal) {
    write.execute(
        "CREATE TABLE decision (sequence INTEGER PRIMARY KEY, agreement BLOB, job_id TEXT, party TEXT"
            + " NOT NULL, everyone INTEGER NOT NULL, entry BLOB NOT NULL, hash BLOB NOT NULL) STRICT");
    write.execute(
        "CREATE TABLE decision_head (only INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, hash BLOB"
            + " NOT NULL, mac BLOB NOT NULL) STRICT");
    ByteString hash = ByteString.copyFrom(new byte[Digest.SIZE_BYTES]);
    long sequence = 0;
    List<LogRows.Row> rows;
    try (var all = LogRows.from(write, 0)) {
      rows = all.toList();
    }
    for (LogRows.Row row : rows) {
      sequence++;
      ByteString entry = old(row.entry(), sequence);
      hash = Digest.of(hash.concat(entry)).value();
      write.execute(
          "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?)",
          sequence,
          row.agreement().isEmpty() ? null : row.agreement().toByteArray(),
          row.jobId(),
          row.party(),
          row.everyone() ? 1 : 0,
          entry.toByteArray(),
          hash.toByteArray());
    }
    ByteString end =
        ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, sequence)).concat(hash);
    write.execute(
        "INSERT INTO decision_head VALUES (1, ?, ?, ?)",
        sequence,
        hash.toByteArray(),
        seal.seal(end).toByteArray());
    for (String table :
        List.of(
            "log_entry",
            "log_node",
            "log_checkpoint",
            "cosigned_checkpoint",
            "gate_certificate",
            "gate_generation",
            "gate_clock",
            "gate_draw",
            "verification_set",
            "answer")) {
      write.execute("DROP TABLE " + table);
    }
    return write.execute("DELETE FROM flyway_schema_history WHERE CAST(version AS INTEGER) >= 7");
  }

  private static ByteString old(Entry entry, long sequence) {
    LogEntry message = entry.message();
    LogEntry.Builder old =
        LogEntry.newBuilder()
            .setDecision(message.getDecision().toBuilder().setIndex(sequence).clearSubjectSha256())
            .addAllComparisonFor(message.getComparisonForList());
    ByteString comparison = entry.comparison();
    if (comparison != null) {
      ComparedClaim claim = Entry.comparison(comparison).getClaims(0);
      old.setUnknownFields(
          UnknownFieldSet.newBuilder()
              .addField(
                  2,
                  UnknownFieldSet.Field.newBuilder()
                      .addLengthDelimited(
                          ByteString.copyFromUtf8(
                              "expected %s, seen %s"
                                  .formatted(claim.getExpected(), claim.getSeen())))
                      .build())
              .build());
    }
    return old.build().toByteString();
  }
}
