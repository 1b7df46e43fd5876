package io.parley.broker.gates;

import io.parley.agreement.Agreement;
import io.parley.agreement.Gate;
import io.parley.broker.store.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Certificates of steps as rows. Methods run within their caller's transaction.
 *
 * <p>Guarantee: a certificate counts for the same owner with the same key, the same step and the
 * same environment, from its issue until it expires, as long as the owner changed nothing that it
 * rests on; and not while the clock is behind the latest moment at which any counted.
 */
public final class Certificates {
  private static final String STEP =
      " owner = :owner AND owner_key = :ownerKey AND identity = :identity ";

  private Certificates() {}

  /** Those that count now, of an agreement's gates. */
  static SortedMap<Gate, Certificate> valid(Handle read, Agreement agreement, InstantSource clock) {
    TreeMap<Gate, Certificate> valid = new TreeMap<>();
    // First what was seen, then the clock: another transaction may have seen a later moment.
    Instant latest = latest(read);
    Instant now = clock.instant();
    if (now.toEpochMilli() < latest.toEpochMilli()) {
      return valid;
    }
    for (Gate gate : agreement.gates()) {
      CertifiedStep.of(agreement, gate)
          .flatMap(step -> find(read, step, now))
          .ifPresent(certificate -> valid.put(gate, certificate));
    }
    return valid;
  }

  /** The same, where keys or a job depend on them: this moment is seen from now on. */
  static SortedMap<Gate, Certificate> counting(
      Handle write, Agreement agreement, InstantSource clock) {
    if (agreement.gates().stream().anyMatch(Gate::ofStep)) {
      write
          .createUpdate(
              """
              INSERT INTO gate_clock (one, latest) VALUES (1, :now)
              ON CONFLICT (one) DO UPDATE SET latest = max(latest, excluded.latest)
              """)
          .bind("now", clock.instant().toEpochMilli())
          .execute();
    }
    return valid(write, agreement, clock);
  }

  private static Instant latest(Handle read) {
    return read.createQuery("SELECT latest FROM gate_clock")
        .mapTo(Long.class)
        .findOne()
        .map(Instant::ofEpochMilli)
        .orElse(Instant.EPOCH);
  }

  private static Optional<Certificate> find(Handle read, CertifiedStep step, Instant now) {
    return bind(
            read.createQuery(
                """
                SELECT identity, job_id, issued_at, expires_at FROM gate_certificate
                WHERE %s AND environment = :environment AND generation = :generation
                  AND issued_at <= :now AND expires_at > :now
                ORDER BY expires_at DESC, number LIMIT 1
                """
                    .formatted(STEP)),
            step)
        .bind("environment", Columns.of(step.environment()))
        .bind("generation", generation(read, step))
        .bind("now", now.toEpochMilli())
        .map((row, context) -> certificate(row))
        .findOne();
  }

  /** How often the owner has changed what the step's certificates rest on. */
  static long generation(Handle read, CertifiedStep step) {
    return bind(read.createQuery("SELECT generation FROM gate_generation WHERE" + STEP), step)
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }

  /** That of a draw's step; 0 where it cannot be certified. */
  static long generation(Handle read, Agreement agreement, Gate gate) {
    return CertifiedStep.of(agreement, gate).map(step -> generation(read, step)).orElse(0L);
  }

  /**
   * For a draw that was passed, when its set allows it, and the owner has changed nothing since it
   * was drawn.
   */
  static Optional<Certificate> issue(
      Handle write, Agreement agreement, Draw draw, Duration validity, Instant now) {
    Optional<CertifiedStep> step = CertifiedStep.of(agreement, draw.gate());
    if (step.isEmpty() || validity.isZero() || generation(write, step.get()) != draw.generation()) {
      return Optional.empty();
    }
    Instant at = now.truncatedTo(ChronoUnit.MILLIS);
    Certificate certificate =
        new Certificate(step.get().identity(), draw.jobId(), at, at.plus(validity));
    bind(
            write.createUpdate(
                """
                INSERT INTO gate_certificate (owner, owner_key, identity, environment, generation,
                  job_id, verification_set, issued_at, expires_at)
                VALUES (:owner, :ownerKey, :identity, :environment, :generation, :job, :set, :at,
                  :expires)
                """),
            step.get())
        .bind("environment", Columns.of(step.get().environment()))
        .bind("generation", draw.generation())
        .bind("job", draw.jobId())
        .bind("set", draw.set().number())
        .bind("at", at.toEpochMilli())
        .bind("expires", certificate.expiresAt().toEpochMilli())
        .execute();
    return Optional.of(certificate);
  }

  /** Ends what was certified for this gate, in whichever agreement. */
  static void end(Handle write, Agreement agreement, Gate gate) {
    CertifiedStep.of(agreement, gate)
        .ifPresent(step ->
            bind(
                    write.createUpdate(
                        """
                        INSERT INTO gate_generation (owner, owner_key, identity, generation)
                        VALUES (:owner, :ownerKey, :identity, 1)
                        ON CONFLICT (owner, owner_key, identity)
                        DO UPDATE SET generation = generation + 1
                        """),
                    step)
                .execute());
  }

  /** Ends all of the owner's for steps of this agreement. */
  public static void endAll(Handle write, Agreement agreement, String owner) {
    agreement.gates().stream()
        .filter(gate -> gate.owner().equals(owner))
        .forEach(gate -> end(write, agreement, gate));
  }

  private static <S extends SqlStatement<S>> S bind(S statement, CertifiedStep step) {
    return statement
        .bind("owner", step.owner())
        .bind("ownerKey", step.ownerKey().toByteArray())
        .bind("identity", Columns.of(step.identity()));
  }

  private static Certificate certificate(ResultSet row) throws SQLException {
    return new Certificate(
        Columns.digest(row, "identity"),
        Columns.text(row, "job_id"),
        Columns.instant(row, "issued_at"),
        Columns.instant(row, "expires_at"));
  }
}
