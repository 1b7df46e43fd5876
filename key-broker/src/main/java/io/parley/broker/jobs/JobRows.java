package io.parley.broker.jobs;

import com.google.protobuf.ByteString;
import io.parley.broker.store.Columns;
import io.parley.broker.store.PlainStatement;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Jobs, their enclaves and receipts in the database; within the caller's transaction. */
public final class JobRows {
  private static final PlainStatement FIND =
      new PlainStatement("SELECT * FROM job WHERE job_id = ?");
  private static final PlainStatement ENCLAVES =
      new PlainStatement("SELECT * FROM enclave WHERE job_id = ? ORDER BY party");
  private static final PlainStatement RECEIPTS =
      new PlainStatement("SELECT * FROM receipt WHERE job_id = ? ORDER BY computed_at");
  private static final PlainStatement PUT_ENCLAVE =
      new PlainStatement(
          """
          INSERT INTO enclave (job_id, party, receive_key, signing_key, evidence_kind,
                               emulator, evidence_sha256, granted_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (job_id, party) DO UPDATE SET evidence_kind = excluded.evidence_kind,
              emulator = excluded.emulator, evidence_sha256 = excluded.evidence_sha256,
              granted_at = excluded.granted_at
          """);

  private JobRows() {}

  /**
   * The job of this id.
   *
   * @throws RefusedException JOB_NOT_FOUND
   */
  public static StoredJob require(Handle read, String jobId) {
    return find(read, jobId)
        .orElseThrow(() ->
            new RefusedException(
                Reason.JOB_NOT_FOUND,
                "the broker has no job '%s'; create it first".formatted(jobId),
                Map.of("job", jobId)));
  }

  /** The job of this id, when there is one. */
  public static Optional<StoredJob> find(Handle read, String jobId) {
    return FIND.first(read, JobRows::job, jobId);
  }

  static Optional<StoredJob> findRequest(Handle read, String submitter, String requestId) {
    return read.createQuery(
            "SELECT * FROM job WHERE submitter = :submitter AND request_id = :request")
        .bind("submitter", submitter)
        .bind("request", requestId)
        .map((row, context) -> job(row))
        .findOne();
  }

  static void insert(Handle write, StoredJob job, Instant at) {
    write
        .createUpdate(
            """
            INSERT INTO job
              (job_id, agreement, job_sha256, submitter, request_id, ordinal, created_at)
            VALUES (:job, :agreement, :digest, :submitter, :request, :ordinal, :at)
            """)
        .bind("job", job.jobId())
        .bind("agreement", Columns.of(job.agreement()))
        .bind("digest", Columns.of(job.digest()))
        .bind("submitter", job.submitter())
        .bind("request", job.requestId())
        .bind("ordinal", job.ordinal())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** The enclaves of a job that keys were released to, in the order of their parties. */
  public static List<StoredEnclave> enclaves(Handle read, String jobId) {
    return ENCLAVES.list(
        read,
        row ->
            new StoredEnclave(
                Columns.text(row, "party"),
                Columns.bytes(row, "receive_key"),
                Columns.bytes(row, "signing_key"),
                Columns.text(row, "evidence_kind"),
                Columns.text(row, "emulator"),
                Columns.digest(row, "evidence_sha256")),
        jobId);
  }

  /** Records what the party's enclave last showed. */
  public static void putEnclave(Handle write, String jobId, StoredEnclave enclave, Instant at) {
    PUT_ENCLAVE.execute(
        write,
        jobId,
        enclave.party(),
        enclave.receiveKey().toByteArray(),
        enclave.signingKey().toByteArray(),
        enclave.evidenceKind(),
        enclave.emulator(),
        Columns.of(enclave.evidence()),
        at.toEpochMilli());
  }

  /** The receipts of a job, in the order of the parties that computed. */
  public static List<StoredReceipt> receipts(Handle read, String jobId) {
    return RECEIPTS.list(
        read,
        row ->
            new StoredReceipt(
                Columns.text(row, "computed_at"),
                Columns.digest(row, "report_sha256"),
                Columns.bytes(row, "envelope")),
        jobId);
  }

  /** Adds a receipt. */
  public static void insertReceipt(Handle write, String jobId, StoredReceipt receipt) {
    write
        .createUpdate(
            """
            INSERT INTO receipt (job_id, computed_at, report_sha256, envelope)
            VALUES (:job, :computedAt, :report, :envelope)
            """)
        .bind("job", jobId)
        .bind("computedAt", receipt.computedAt())
        .bind("report", Columns.of(receipt.report()))
        .bind("envelope", receipt.envelope().toByteArray())
        .execute();
  }

  private static StoredJob job(ResultSet row) throws SQLException {
    return new StoredJob(
        Columns.text(row, "job_id"),
        Columns.digest(row, "agreement"),
        Columns.digest(row, "job_sha256"),
        Columns.text(row, "submitter"),
        Columns.text(row, "request_id"),
        Columns.integer(row, "ordinal"));
  }

  /**
   * The one enclave of a party in a job.
   *
   * @param receiveKey suite and key in one, as evidence had it
   * @param signingKey Ed25519, raw
   * @param emulator which emulation vouched for it; empty for none
   */
  public record StoredEnclave(
      String party,
      ByteString receiveKey,
      ByteString signingKey,
      String evidenceKind,
      String emulator,
      Digest evidence) {}

  /**
   * A receipt and the report that it answers.
   *
   * @param computedAt the party whose enclave reported
   */
  public record StoredReceipt(String computedAt, Digest report, ByteString envelope) {}
}
