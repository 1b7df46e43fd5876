package io.parley.broker.gates;

import io.parley.agreement.Agreement;
import io.parley.agreement.Gate;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.store.Columns;
import io.parley.gate.GateVerdict;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Sets and draws as rows. Methods run within their caller's transaction. */
public final class GateRows {
  private static final String DRAWS =
      """
      SELECT s.*, d.job_id, d.party, d.draw, d.receive_key, d.signing_key,
        d.generation, d.verdict
      FROM gate_draw d JOIN verification_set s ON s.number = d.verification_set
      WHERE d.job_id = :job AND d.party = :party ORDER BY d.owner, d.step
      """;

  private GateRows() {}

  static void insert(Handle write, StoredSet set) {
    write
        .createUpdate(
            """
            INSERT INTO verification_set (agreement, owner, step, sha256, name, size_bytes, sealed,
              added_at)
            VALUES (:agreement, :owner, :step, :digest, :name, :size, :sealed, :at)
            """)
        .bind("agreement", Columns.of(set.agreement()))
        .bind("owner", set.owner())
        .bind("step", set.gate().step())
        .bind("digest", Columns.of(set.digest()))
        .bind("name", set.name())
        .bind("size", set.sizeBytes())
        .bind("sealed", set.sealed().toByteArray())
        .bind("at", set.addedAt().toEpochMilli())
        .execute();
  }

  /**
   * All that the owner ever added under the agreement, for whichever step, in that order; without
   * their content, which is large.
   */
  static List<StoredSet> sets(Handle read, Digest agreement, String owner) {
    return read.createQuery(
            """
            SELECT number, agreement, owner, step, sha256, name, size_bytes, x'' AS sealed, added_at,
              removed_at
            FROM verification_set WHERE agreement = :agreement AND owner = :owner ORDER BY number
            """)
        .bind("agreement", Columns.of(agreement))
        .bind("owner", owner)
        .map((row, context) -> set(row))
        .list();
  }

  /** Those of {@link #sets} that may be drawn for a gate. */
  static List<StoredSet> drawable(Handle read, Digest agreement, Gate gate) {
    return sets(read, agreement, gate.owner()).stream()
        .filter(set -> !set.removed() && set.gate().equals(gate))
        .toList();
  }

  /**
   * Passes when there is a set, or a certificate, for every gate that the agreement asks for.
   *
   * @throws RefusedException GATE_MISSING that names what is missing of one owner
   */
  public static void requireSets(Handle write, StoredAgreement agreement, InstantSource clock) {
    SortedMap<Gate, Certificate> certified =
        Certificates.counting(write, agreement.agreement(), clock);
    List<Gate> missing =
        agreement.agreement().gates().stream()
            .filter(gate -> !certified.containsKey(gate))
            .filter(gate -> drawable(write, agreement.digest(), gate).isEmpty())
            .toList();
    if (!missing.isEmpty()) {
      throw missing(agreement, missing);
    }
  }

  static RefusedException missing(StoredAgreement agreement, List<Gate> missing) {
    String owner = missing.getFirst().owner();
    String steps =
        missing.stream()
            .filter(gate -> gate.ofStep() && gate.owner().equals(owner))
            .map(Gate::step)
            .collect(Collectors.joining(", "));
    boolean chain = !steps.isEmpty();
    return new RefusedException(
        Reason.GATE_MISSING,
        "agreement '%s' asks for a verification gate of %s, who has no verification set%s at the broker; %s must register one%s with 'parley gate add%s'"
            .formatted(
                agreement.agreement().name(),
                owner,
                chain ? " for step " + steps : "",
                owner,
                chain ? " for each" : "",
                chain ? " --step STEP" : ""),
        chain
            ? Map.of("owner", owner, "agreement", agreement.digest().toString(), "steps", steps)
            : Map.of("owner", owner, "agreement", agreement.digest().toString()));
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
                set.gate().step(),
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
            INSERT INTO gate_draw (job_id, party, owner, step, verification_set, draw, receive_key,
              signing_key, drawn_at, generation)
            VALUES (:job, :party, :owner, :step, :set, :draw, :receiveKey, :signingKey, :at,
              :generation)
            """)
        .bind("job", draw.jobId())
        .bind("party", draw.party())
        .bind("owner", draw.gate().owner())
        .bind("step", draw.gate().step())
        .bind("generation", draw.generation())
        .bind("set", draw.set().number())
        .bind("draw", draw.draw().toByteArray())
        .bind("receiveKey", draw.receiveKey().toByteArray())
        .bind("signingKey", draw.signingKey().toByteArray())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** What the party's enclave of the job was given. */
  static SortedMap<Gate, Draw> draws(Handle read, String jobId, String party) {
    SortedMap<Gate, Draw> draws = new TreeMap<>();
    read.createQuery(DRAWS)
        .bind("job", jobId)
        .bind("party", party)
        .map((row, context) -> draw(row))
        .forEach(draw -> draws.put(draw.gate(), draw));
    return draws;
  }

  /**
   * Passes when the party's enclave of the job has passed each gate that is before its keys, or
   * need not: what was drawn must be passed, whatever was certified since.
   *
   * @param certified gates that a certificate was found for
   * @throws EnvironmentException BROKER_UNAVAILABLE when such a certificate counts no more
   */
  public static void requirePassed(
      Handle write,
      String jobId,
      String party,
      Agreement agreement,
      Set<Gate> certified,
      InstantSource clock) {
    SortedSet<Gate> gates = agreement.gatesBefore(party);
    if (gates.isEmpty()) {
      return;
    }
    if (!certified.isEmpty()
        && !Certificates.counting(write, agreement, clock).keySet().containsAll(certified)) {
      throw new EnvironmentException(
          Reason.BROKER_UNAVAILABLE,
          "a certificate of a step ended while keys were asked for; ask again",
          Map.of("job", jobId));
    }
    if (!allPassed(draws(write, jobId, party), gates, certified)) {
      throw new BugException("keys would have been released before a gate was passed");
    }
  }

  private static boolean allPassed(
      Map<Gate, Draw> draws, Iterable<Gate> gates, Set<Gate> certified) {
    for (Gate gate : gates) {
      @Nullable Draw draw = draws.get(gate);
      boolean passed =
          draw == null ? certified.contains(gate) : draw.verdict() == GateVerdict.PASSED;
      if (!passed) {
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
            WHERE job_id = :job AND party = :party AND owner = :owner AND step = :step
            """)
        .bind("verdict", verdict.name())
        .bind("job", draw.jobId())
        .bind("party", draw.party())
        .bind("owner", draw.gate().owner())
        .bind("step", draw.gate().step())
        .execute();
    emptyRemoved(write, draw.set().number());
  }

  private static StoredSet set(ResultSet row) throws SQLException {
    return new StoredSet(
        row.getLong("number"),
        Columns.digest(row, "agreement"),
        new Gate(Columns.text(row, "owner"), Columns.text(row, "step")),
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
        row.getLong("generation"),
        verdict == null ? null : GateVerdict.valueOf(verdict));
  }
}
