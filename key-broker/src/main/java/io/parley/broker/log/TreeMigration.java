package io.parley.broker.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.broker.store.Columns;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeEdge;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Takes the entries of earlier versions, a chain of hashes with a MAC over its end, into the tree.
 * They are checked first; what they say stays, their bytes do not: comparisons move out of them,
 * and receipts get the digest that proofs of them go by.
 */
public final class TreeMigration implements JavaMigration {
  private static final ByteString START = ByteString.copyFrom(new byte[Digest.SIZE_BYTES]);
  private static final int OLD_COMPARISON = 2;
  private static final int SALT_BYTES = 16;
  private static final int COMPARISON_SALT_BYTES = 32;

  private final AuditLog log;
  private final SecureRandom random;
  private final io.parley.identity.SigningKey brokerKey;

  public TreeMigration(AuditLog log, io.parley.identity.SigningKey brokerKey, SecureRandom random) {
    this.log = log;
    this.brokerKey = brokerKey;
    this.random = random;
  }

  @Override
  public MigrationVersion getVersion() {
    return MigrationVersion.fromVersion("8");
  }

  @Override
  public String getDescription() {
    return "log entries into the tree";
  }

  @Override
  public Integer getChecksum() {
    return 1;
  }

  @Override
  public boolean canExecuteInTransaction() {
    return true;
  }

  @Override
  public void migrate(Context context) {
    Connection connection = context.getConnection();
    // Not closed: the connection is Flyway's, and so is its transaction.
    Handle write = Jdbi.create(() -> connection).open();
    move(write);
    for (String table : List.of("decision", "decision_head")) {
      write.execute("DROP TABLE " + table);
    }
  }

  private record Old(long sequence, ByteString entry, ByteString hash) {}

  private void move(Handle write) {
    List<Old> all =
        write
            .createQuery("SELECT sequence, entry, hash FROM decision ORDER BY sequence")
            .map((row, context) ->
                new Old(
                    row.getLong("sequence"),
                    Columns.bytes(row, "entry"),
                    Columns.bytes(row, "hash")))
            .list();
    requireWhole(write, all);
    TreeEdge edge = TreeEdge.EMPTY;
    for (Old old : all) {
      Entry entry = convert(write, edge.size(), old.entry());
      LogRows.insert(write, entry, entry.message().getDecision(), entry.leaf());
      edge = AuditLog.grow(write, edge, entry.leaf());
    }
    if (edge.size() > 0) {
      LogRows.putCheckpoint(write, log.stored(SignedCheckpoint.sign(edge.head(), brokerKey)));
    }
  }

  private void requireWhole(Handle write, List<Old> all) {
    ByteString hash = START;
    long sequence = 0;
    for (Old old : all) {
      hash = Digest.of(hash.concat(old.entry())).value();
      sequence++;
      if (old.sequence() != sequence || !old.hash().equals(hash)) {
        throw broken("entry %d was changed or is missing".formatted(sequence));
      }
    }
    ByteString end =
        ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, sequence)).concat(hash);
    Optional<ByteString> mac =
        write
            .createQuery("SELECT mac FROM decision_head")
            .map((row, context) -> Columns.bytes(row, "mac"))
            .findOne();
    if (mac.isPresent() ? !mac.get().equals(log.seal().seal(end)) : sequence > 0) {
      throw broken("the seal on its end is not this broker's");
    }
  }

  private Entry convert(Handle write, long index, ByteString bytes) {
    LogEntry old = Entry.message(bytes);
    Decision decision = old.getDecision().toBuilder().setIndex(index).clearLeafHash().build();
    @Nullable ByteString subject = subject(write, decision);
    LogEntry message =
        LogEntry.newBuilder()
            .setDecision(
                subject == null ? decision : decision.toBuilder().setSubjectSha256(subject).build())
            .addAllComparisonFor(old.getComparisonForList())
            .build();
    @Nullable ByteString comparison = comparison(decision, old.getUnknownFields());
    return Entry.of(
        index,
        message,
        comparison,
        comparison == null ? null : Entry.random(COMPARISON_SALT_BYTES, random),
        Entry.random(SALT_BYTES, random));
  }

  private static @Nullable ByteString comparison(Decision decision, UnknownFieldSet unknown) {
    List<ByteString> text = unknown.getField(OLD_COMPARISON).getLengthDelimitedList();
    if (text.isEmpty() || text.getLast().isEmpty()) {
      return null;
    }
    // It was one text: "expected E, seen S".
    String both = text.getLast().toStringUtf8();
    int middle = Math.max(both.lastIndexOf(", seen "), 0);
    return Comparison.newBuilder()
        .addClaims(
            ComparedClaim.newBuilder()
                .setClaim(decision.getDetail().replaceFirst("^claim ", ""))
                .setExpected(both.substring(0, middle).replaceFirst("^expected ", ""))
                .setSeen(both.substring(middle).replaceFirst("^, seen ", "")))
        .build()
        .toByteString();
  }

  private static @Nullable ByteString subject(Handle write, Decision decision) {
    if (!decision.getAction().equals(io.parley.broker.log.Decision.Action.RECEIPT.text())) {
      return null;
    }
    return write
        .createQuery("SELECT envelope FROM receipt WHERE job_id = :job AND computed_at = :party")
        .bind("job", decision.getJobId())
        .bind("party", decision.getParty())
        .map((row, context) ->
            Digest.of(
                    io.parley.agreement.DsseEnvelope.decode(Columns.bytes(row, "envelope"))
                        .payload())
                .value())
        .findOne()
        .orElse(null);
  }

  private static EnvironmentException broken(String how) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the record of decisions is broken: %s. Put back broker.db and master.key from one backup, or"
                .formatted(how)
            + " keep them as proof and set up a new broker",
        Map.of());
  }
}
