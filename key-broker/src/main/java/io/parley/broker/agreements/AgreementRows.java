package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.store.Columns;
import io.parley.broker.store.PlainStatement;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Agreements in the database; every method runs within its caller's transaction. */
public final class AgreementRows {
  /** One statement for both tables: each costs more than what it reads. */
  private static final PlainStatement FIND =
      new PlainStatement(
          """
          SELECT a.number, a.proposed_at, a.activated_at, a.halted_by, a.jobs_started, a.kek,
            a.superseded_by, a.shredded_by, p.party, p.signature, p.resume_asked
          FROM agreement a JOIN agreement_party p ON p.agreement = a.sha256
          WHERE a.sha256 = ? ORDER BY p.party
          """);

  /** By itself, since it is hardly ever read: see {@link DecodedAgreements}. */
  private static final PlainStatement PAYLOAD =
      new PlainStatement("SELECT payload FROM agreement WHERE sha256 = ?");

  private AgreementRows() {}

  /**
   * The agreement of this digest.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND
   */
  public static StoredAgreement require(Handle handle, Digest digest) {
    return find(handle, digest).orElseThrow(() -> notFound(digest));
  }

  private static RefusedException notFound(Digest digest) {
    return new RefusedException(
        Reason.AGREEMENT_NOT_FOUND,
        "the broker has no agreement %s; propose it first".formatted(digest),
        Map.of("agreement", digest.toString()));
  }

  /** The agreement of this digest, when there is one. */
  public static Optional<StoredAgreement> find(Handle handle, Digest digest) {
    return FIND.query(handle, rows -> joined(handle, digest, rows), Columns.of(digest));
  }

  /**
   * What the agreement of this digest says, and nothing of what became of it; not read again when
   * it is known.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND
   */
  public static Agreement terms(Handle handle, Digest digest) {
    return decoded(handle, digest).agreement();
  }

  /** An agreement has at least one party, so it is in at least one row. */
  private static Optional<StoredAgreement> joined(Handle handle, Digest digest, ResultSet rows)
      throws SQLException {
    if (!rows.next()) {
      return Optional.empty();
    }
    List<PartyRow> parties = new ArrayList<>();
    Function<List<PartyRow>, Numbered> agreement = agreement(handle, digest, rows);
    do {
      parties.add(party(rows));
    } while (rows.next());
    return Optional.of(agreement.apply(parties).agreement());
  }

  /**
   * Agreements that name the party and its signing key, in the order they came, after this number.
   */
  static List<Numbered> list(Handle handle, Party party, long after, int limit) {
    return handle
        .createQuery(
            """
            SELECT * FROM agreement a WHERE number > :after AND EXISTS
              (SELECT 1 FROM agreement_party p WHERE p.agreement = a.sha256 AND p.party = :party
                 AND p.signing_key = :key)
            ORDER BY number LIMIT :limit
            """)
        .bind("after", after)
        .bind("party", party.name())
        .bind("key", Columns.of(party.signingKey().digest()))
        .bind("limit", limit)
        .map((row, context) -> read(handle, row))
        .list();
  }

  /** How many agreements of this proposer wait for signatures, and may still become active. */
  static int openProposals(Handle handle, Party proposer, Instant now) {
    return handle
        .createQuery(
            """
            SELECT count(*) FROM agreement
            WHERE proposer_key = :key AND activated_at IS NULL AND expires_at > :now
              AND NOT EXISTS (SELECT 1 FROM agreement p WHERE p.sha256 = agreement.parent
                                AND p.superseded_by IS NOT NULL)
            """)
        .bind("key", Columns.of(proposer.signingKey().digest()))
        .bind("now", now.toEpochMilli())
        .mapTo(Integer.class)
        .one();
  }

  static void insert(Handle write, SignedAgreement proposal, Party proposer, Instant at) {
    Agreement agreement = proposal.agreement();
    byte[] digest = Columns.of(proposal.digest());
    @Nullable Digest parent = agreement.terms().parent();
    write
        .createUpdate(
            """
            INSERT INTO agreement
              (sha256, payload, proposed_at, max_jobs, proposer_key, expires_at, parent)
            VALUES (:sha256, :payload, :at, :maxJobs, :proposer, :expires, :parent)
            """)
        .bind("sha256", digest)
        .bind("payload", proposal.payload().toByteArray())
        .bind("at", at.toEpochMilli())
        .bind("maxJobs", agreement.maxJobs())
        .bind("proposer", Columns.of(proposer.signingKey().digest()))
        .bind("expires", agreement.expires().toEpochMilli())
        .bind("parent", parent == null ? null : Columns.of(parent))
        .execute();
    for (Party party : agreement.parties()) {
      write
          .createUpdate(
              """
              INSERT INTO agreement_party (agreement, party, signing_key)
              VALUES (:sha256, :party, :key)
              """)
          .bind("sha256", digest)
          .bind("party", party.name())
          .bind("key", Columns.of(party.signingKey().digest()))
          .execute();
    }
  }

  static void sign(Handle write, Digest digest, String party, ByteString signature, Instant at) {
    write
        .createUpdate(
            """
            UPDATE agreement_party SET signature = :signature, signed_at = :at
            WHERE agreement = :sha256 AND party = :party AND signature IS NULL
            """)
        .bind("sha256", Columns.of(digest))
        .bind("party", party)
        .bind("signature", signature.toByteArray())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  static void activate(Handle write, Digest digest, ByteString kek, Instant at) {
    write
        .createUpdate("UPDATE agreement SET activated_at = :at, kek = :kek WHERE sha256 = :sha256")
        .bind("sha256", Columns.of(digest))
        .bind("kek", kek.toByteArray())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** Puts a revision in its place, for good. */
  static void supersede(Handle write, Digest digest, Digest by) {
    write
        .createUpdate("UPDATE agreement SET superseded_by = :by WHERE sha256 = :sha256")
        .bind("sha256", Columns.of(digest))
        .bind("by", Columns.of(by))
        .execute();
  }

  static void halt(Handle write, Digest digest, @Nullable String by) {
    write
        .createUpdate("UPDATE agreement SET halted_by = :by WHERE sha256 = :sha256")
        .bind("sha256", Columns.of(digest))
        .bind("by", by)
        .execute();
    write
        .createUpdate("UPDATE agreement_party SET resume_asked = 0 WHERE agreement = :sha256")
        .bind("sha256", Columns.of(digest))
        .execute();
  }

  /** KEKs that are not destroyed. */
  public static List<Kek> keks(Handle read) {
    return read.createQuery(
            """
            SELECT sha256, kek, expires_at FROM agreement
            WHERE kek IS NOT NULL AND shredded_by IS NULL ORDER BY number
            """)
        .map((row, context) ->
            new Kek(
                Columns.digest(row, "sha256"),
                Columns.bytes(row, "kek"),
                Columns.instant(row, "expires_at")))
        .list();
  }

  /** Puts another KEK in the place of the one that is stored. */
  public static void replaceKek(Handle write, Digest digest, ByteString kek) {
    write
        .createUpdate("UPDATE agreement SET kek = :kek WHERE sha256 = :sha256")
        .bind("kek", kek.toByteArray())
        .bind("sha256", Columns.of(digest))
        .execute();
  }

  /** Its KEK is no more; an empty one says that it was there. */
  public static void shred(Handle write, Digest digest, String by, Instant at) {
    write
        .createUpdate(
            """
            UPDATE agreement SET kek = x'', shredded_by = :by, shredded_at = :at
            WHERE sha256 = :sha256
            """)
        .bind("sha256", Columns.of(digest))
        .bind("by", by)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** What {@link #shred} deleted is gone from the file as well. */
  public static void purged(Handle write, Digest digest, Instant at) {
    write
        .createUpdate("UPDATE agreement SET purged_at = :at WHERE sha256 = :sha256")
        .bind("sha256", Columns.of(digest))
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** Agreements that were shredded and not purged. */
  public static List<Digest> toPurge(Handle read) {
    return read.createQuery(
            "SELECT sha256 FROM agreement WHERE shredded_by IS NOT NULL AND purged_at IS NULL")
        .map((row, context) -> Columns.digest(row, "sha256"))
        .list();
  }

  static void askToResume(Handle write, Digest digest, String party) {
    write
        .createUpdate(
            """
            UPDATE agreement_party SET resume_asked = 1
            WHERE agreement = :sha256 AND party = :party
            """)
        .bind("sha256", Columns.of(digest))
        .bind("party", party)
        .execute();
  }

  /** One more job; the database itself refuses one too many. */
  public static void countJob(Handle write, Digest digest) {
    write
        .createUpdate("UPDATE agreement SET jobs_started = jobs_started + 1 WHERE sha256 = :sha256")
        .bind("sha256", Columns.of(digest))
        .execute();
  }

  /**
   * How many jobs were counted in this instant's day of UTC. Counted from the jobs themselves: a
   * clock that was put back finds those of its day again.
   */
  public static int jobsOn(Handle handle, Digest digest, Instant now) {
    Instant day = now.truncatedTo(ChronoUnit.DAYS);
    return handle
        .createQuery(
            """
            SELECT count(*) FROM job
            WHERE agreement = :sha256 AND created_at >= :day AND created_at < :next
            """)
        .bind("sha256", Columns.of(digest))
        .bind("day", day.toEpochMilli())
        .bind("next", day.plus(1, ChronoUnit.DAYS).toEpochMilli())
        .mapTo(Integer.class)
        .one();
  }

  private static Numbered read(Handle handle, ResultSet row) throws SQLException {
    Digest digest = Columns.digest(row, "sha256");
    return agreement(handle, digest, row).apply(parties(handle, digest));
  }

  /** What the row has of the agreement; the rest is its parties'. */
  private static Function<List<PartyRow>, Numbered> agreement(
      Handle handle, Digest digest, ResultSet row) throws SQLException {
    long activatedAt = row.getLong("activated_at");
    @Nullable Instant activated = row.wasNull() ? null : Instant.ofEpochMilli(activatedAt);
    long number = row.getLong("number");
    Instant proposedAt = Columns.instant(row, "proposed_at");
    @Nullable String haltedBy = row.getString("halted_by");
    int jobsStarted = Columns.integer(row, "jobs_started");
    @Nullable ByteString kek = Columns.bytesOrNull(row, "kek");
    @Nullable Digest supersededBy = Columns.digestOrNull(row, "superseded_by");
    @Nullable String shreddedBy = row.getString("shredded_by");
    DecodedAgreements.Decoded decoded = decoded(handle, digest);
    return parties -> {
      SortedMap<String, ByteString> signatures = new TreeMap<>();
      List<String> resumeAskedBy = new ArrayList<>();
      for (PartyRow party : parties) {
        if (party.signature() != null) {
          signatures.put(party.name(), party.signature());
        }
        if (party.resumeAsked()) {
          resumeAskedBy.add(party.name());
        }
      }
      return new Numbered(
          number,
          new StoredAgreement(
              digest,
              decoded.payload(),
              decoded.agreement(),
              signatures,
              proposedAt,
              activated,
              haltedBy,
              resumeAskedBy,
              jobsStarted,
              kek,
              supersededBy,
              shreddedBy));
    };
  }

  private static DecodedAgreements.Decoded decoded(Handle handle, Digest digest) {
    return handle
        .getConfig(DecodedAgreements.class)
        .decode(
            digest,
            () ->
                PAYLOAD
                    .first(handle, row -> Columns.bytes(row, "payload"), Columns.of(digest))
                    .orElseThrow(() -> notFound(digest)));
  }

  private static List<PartyRow> parties(Handle handle, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT party, signature, resume_asked FROM agreement_party
            WHERE agreement = :sha256 ORDER BY party
            """)
        .bind("sha256", Columns.of(digest))
        .map((row, context) -> party(row))
        .list();
  }

  private static PartyRow party(ResultSet row) throws SQLException {
    return new PartyRow(
        Columns.text(row, "party"),
        Columns.bytesOrNull(row, "signature"),
        row.getInt("resume_asked") == 1);
  }

  /** An agreement and its place in the list. */
  record Numbered(long number, StoredAgreement agreement) {}

  /** The KEK of an agreement, as its vault keeps it. */
  public record Kek(Digest agreement, ByteString bytes, Instant expires) {}

  private record PartyRow(String name, @Nullable ByteString signature, boolean resumeAsked) {}
}
