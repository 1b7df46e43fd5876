package io.parley.broker.gates;

import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.store.Columns;
import io.parley.gate.GateVerdict;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Sets and draws as rows. Methods run within their caller's transaction. */
public final class GateRows {
  private static final String DRAWS =
      """
      SELECT s.*, d.job_id, d.party, d.draw, d.receive_key, d.signing_key, d.verdict
      FROM gate_draw d JOIN verification_set s ON s.number = d.verification_set
      WHERE d.job_id = :job AND d.party = :party ORDER BY d.owner
      """;

  private GateRows() {}

  static void insert(Handle write, StoredSet set) {
    write
        .createUpdate(
            """
            INSERT INTO verification_set (agreement, owner, sha256, name, size_bytes, sealed, added_at)
            VALUES (:agreement, :owner, :digest, :name, :size, :sealed, :at)
            """)
        .bind("agreement", Columns.of(set.agreement()))
        .bind("owner", set.owner())
        .bind("digest", Columns.of(set.digest()))
        .bind("name", set.name())
        .bind("size", set.sizeBytes())
        .bind("sealed", set.sealed().toByteArray())
        .bind("at", set.addedAt().toEpochMilli())
        .execute();
  }

  /** All that the owner ever added under the agreement, in that order. */
  static List<StoredSet> sets(Handle read, Digest agreement, String owner) {
    return read.createQuery(
            """
            SELECT * FROM verification_set WHERE agreement = :agreement AND owner = :owner
            ORDER BY number
            """)
        .bind("agreement", Columns.of(agreement))
        .bind("owner", owner)
        .map((row, context) -> set(row))
        .list();
  }

  /** Those of {@link #sets} that may be drawn. */
  static List<StoredSet> drawable(Handle read, Digest agreement, String owner) {
    return sets(read, agreement, owner).stream().filter(set -> !set.removed()).toList();
  }

  /**
   * Passes when every owner whose gate the agreement asks for has a set.
   *
   * @throws RefusedException GATE_MISSING
   */
  public static void requireSets(Handle read, StoredAgreement agreement) {
    for (String owner : agreement.agreement().gateOwners()) {
      if (drawable(read, agreement.digest(), owner).isEmpty()) {
        throw new RefusedException(
            Reason.GATE_MISSING,
            "agreement '%s' asks for a verification gate of %s, who has no verification set at the broker; %s must register one with 'parley gate add'"
                .formatted(agreement.agreement().name(), owner, owner),
            Map.of("owner", owner, "agreement", agreement.digest().toString()));
      }
    }
  }

  static Optional<StoredSet> find(Handle read, Digest agreement, String owner, Digest digest) {
    return read.createQuery(
            """
            SELECT * FROM verification_set
            WHERE agreement = :agreement AND owner = :owner AND sha256 = :digest
            """)
        .bind("agreement", Columns.of(agreement))
        .bind("owner", owner)
        .bind("digest", Columns.of(digest))
        .map((row, context) -> set(row))
        .findOne();
  }

  static ListedSet listed(Handle read, StoredSet set) {
    return read.createQuery(
            """
            SELECT count(*) AS drawn, count(*) FILTER (WHERE verdict = 'PASSED') AS passed,
              count(*) FILTER (WHERE verdict <> 'PASSED') AS failed
            FROM gate_draw WHERE verification_set = :set
            """)
        .bind("set", set.number())
        .map((row, context) ->
            new ListedSet(
                set.digest(),
                set.name(),
                set.addedAt(),
                set.sizeBytes(),
                Columns.integer(row, "drawn"),
                Columns.integer(row, "passed"),
                Columns.integer(row, "failed")))
        .one();
  }

  /** It is drawn no more. Its content goes when no open draw needs it. */
  static void remove(Handle write, StoredSet set, Instant at) {
    write
        .createUpdate("UPDATE verification_set SET removed_at = :at WHERE number = :set")
        .bind("at", at.toEpochMilli())
        .bind("set", set.number())
        .execute();
    emptyRemoved(write, set.number());
  }

  /** Empties every set of an agreement, whose keys are destroyed. */
  public static void emptyAll(Handle write, Digest agreement) {
    write
        .createUpdate("UPDATE verification_set SET sealed = x'' WHERE agreement = :agreement")
        .bind("agreement", Columns.of(agreement))
        .execute();
  }

  private static void emptyRemoved(Handle write, long set) {
    write
        .createUpdate(
            """
            UPDATE verification_set SET sealed = x''
            WHERE number = :set AND removed_at IS NOT NULL AND NOT EXISTS
              (SELECT 1 FROM gate_draw WHERE verification_set = :set AND verdict IS NULL)
            """)
        .bind("set", set)
        .execute();
  }

  static void insert(Handle write, Draw draw, Instant at) {
    write
        .createUpdate(
            """
            INSERT INTO gate_draw (job_id, party, owner, verification_set, draw, receive_key,
              signing_key, drawn_at)
            VALUES (:job, :party, :owner, :set, :draw, :receiveKey, :signingKey, :at)
            """)
        .bind("job", draw.jobId())
        .bind("party", draw.party())
        .bind("owner", draw.owner())
        .bind("set", draw.set().number())
        .bind("draw", draw.draw().toByteArray())
        .bind("receiveKey", draw.receiveKey().toByteArray())
        .bind("signingKey", draw.signingKey().toByteArray())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** What the party's enclave of the job was given, by owner. */
  static SortedMap<String, Draw> draws(Handle read, String jobId, String party) {
    SortedMap<String, Draw> draws = new TreeMap<>();
    read.createQuery(DRAWS)
        .bind("job", jobId)
        .bind("party", party)
        .map((row, context) -> draw(row))
        .forEach(draw -> draws.put(draw.owner(), draw));
    return draws;
  }

  /** Whether the party's enclave of the job has passed each of these owners' gates. */
  public static boolean allPassed(
      Handle read, String jobId, String party, Iterable<String> owners) {
    SortedMap<String, Draw> draws = draws(read, jobId, party);
    for (String owner : owners) {
      @Nullable Draw draw = draws.get(owner);
      if (draw == null || draw.verdict() != GateVerdict.PASSED) {
        return false;
      }
    }
    return true;
  }

  /** The one verdict of an open draw. */
  static void close(Handle write, Draw draw, GateVerdict verdict) {
    write
        .createUpdate(
            """
            UPDATE gate_draw SET verdict = :verdict
            WHERE job_id = :job AND party = :party AND owner = :owner
            """)
        .bind("verdict", verdict.name())
        .bind("job", draw.jobId())
        .bind("party", draw.party())
        .bind("owner", draw.owner())
        .execute();
    emptyRemoved(write, draw.set().number());
  }

  private static StoredSet set(ResultSet row) throws SQLException {
    return new StoredSet(
        row.getLong("number"),
        Columns.digest(row, "agreement"),
        Columns.text(row, "owner"),
        Columns.digest(row, "sha256"),
        Columns.text(row, "name"),
        row.getLong("size_bytes"),
        Columns.bytes(row, "sealed"),
        Columns.instant(row, "added_at"),
        row.getObject("removed_at") != null);
  }

  private static Draw draw(ResultSet row) throws SQLException {
    @Nullable String verdict = row.getString("verdict");
    return new Draw(
        Columns.text(row, "job_id"),
        Columns.text(row, "party"),
        set(row),
        Columns.bytes(row, "draw"),
        Columns.bytes(row, "receive_key"),
        Columns.bytes(row, "signing_key"),
        verdict == null ? null : GateVerdict.valueOf(verdict));
  }
}
