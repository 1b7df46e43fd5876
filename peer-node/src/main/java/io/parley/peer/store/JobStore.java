package io.parley.peer.store;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Jobs on disk. Thread-safe; what a call returned from is durable.
 *
 * <p>Parameters are part of the spec bytes; {@code parameters} turns those into values, so that
 * this room needs no knowledge of their form.
 */
public final class JobStore {
  private final NodeDatabase database;
  private final Function<ByteString, Map<String, String>> parameters;

  public JobStore(NodeDatabase database, Function<ByteString, Map<String, String>> parameters) {
    this.database = database;
    this.parameters = parameters;
  }

  /**
   * Adds a job, unless one with its client and request id is there: then that one is the answer.
   */
  public JobRecord add(JobRecord job) {
    return database.call(handle -> {
      Optional<JobRecord> known = byRequest(handle, job.submitterClient(), job.requestId());
      if (known.isPresent()) {
        return known.get();
      }
      insert(handle, job);
      return job;
    });
  }

  public Optional<JobRecord> get(String jobId) {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM job WHERE job_id = :id")
            .bind("id", jobId)
            .map((row, context) -> read(row))
            .findOne());
  }

  /** The job that this client's request made, if any. */
  public Optional<JobRecord> byRequest(String client, String requestId) {
    return database.call(handle -> byRequest(handle, client, requestId));
  }

  /**
   * Writes where a job is now.
   *
   * @throws BugException when the job is not there or may not become what it is to become
   */
  public void update(JobRecord job) {
    database.run(handle -> {
      JobState before =
          handle
              .createQuery("SELECT state FROM job WHERE job_id = :id")
              .bind("id", job.jobId())
              .mapTo(JobState.class)
              .findOne()
              .orElseThrow(() -> new BugException("no job " + job.jobId()));
      if (before != job.state() && !before.mayBecome(job.state())) {
        throw new BugException(
            "job %s is %s and cannot become %s".formatted(job.jobId(), before, job.state()));
      }
      write(handle, job);
    });
  }

  /**
   * Newest first, from behind {@code after}; {@code client} limits to the jobs of one client.
   *
   * @param after the last job of the page before, or null
   */
  public List<JobRecord> list(@Nullable String client, @Nullable JobRecord after, int limit) {
    String mine = client == null ? "" : " AND submitter_client = :client";
    String older = after == null ? "" : " AND (created, job_id) < (:created, :id)";
    return database.call(handle -> {
      var query =
          handle
              .createQuery(
                  "SELECT * FROM job WHERE 1 = 1"
                      + mine
                      + older
                      + " ORDER BY created DESC, job_id DESC LIMIT :limit")
              .bind("limit", limit);
      if (client != null) {
        query.bind("client", client);
      }
      if (after != null) {
        query.bind("created", after.created().toEpochMilli()).bind("id", after.jobId());
      }
      return query.map((row, context) -> read(row)).list();
    });
  }

  /** Jobs that have not ended. */
  public List<JobRecord> unfinished() {
    return database.call(handle ->
        handle
            .createQuery("SELECT * FROM job WHERE state IN ('PENDING_APPROVAL', 'RUNNING')")
            .map((row, context) -> read(row))
            .list());
  }

  private Optional<JobRecord> byRequest(Handle handle, String client, String requestId) {
    if (requestId.isEmpty()) {
      return Optional.empty();
    }
    return handle
        .createQuery("SELECT * FROM job WHERE submitter_client = :client AND request_id = :request")
        .bind("client", client)
        .bind("request", requestId)
        .map((row, context) -> read(row))
        .findOne();
  }

  private static void insert(Handle handle, JobRecord job) {
    int unused =
        handle
            .createUpdate(
                "INSERT INTO job VALUES (:id, :agreement, :name, :party, :client, :request,"
                    + " :asked, :state, :spec, :created, :ended, :phase, :progress, :phases, :status,"
                    + " :failedAt, :receipt, :kind)")
            .bind("id", job.jobId())
            .bind("agreement", job.agreement().value().toByteArray())
            .bind("name", job.agreementName())
            .bind("party", job.submitterParty())
            .bind("client", job.submitterClient())
            .bind("request", job.requestId())
            .bind("asked", job.request().value().toByteArray())
            .bind("state", job.state().name())
            .bind("spec", job.spec().toByteArray())
            .bind("created", job.created().toEpochMilli())
            .bind("ended", millis(job.ended()))
            .bind("phase", job.phase())
            .bind("progress", job.progress())
            .bind("phases", JobPhase.text(job.phases()))
            .bind("status", job.status().toByteArray())
            .bind("failedAt", job.failedAt())
            .bind("receipt", job.receipt().toByteArray())
            .bind("kind", job.evidenceKind())
            .execute();
  }

  private static void write(Handle handle, JobRecord job) {
    int unused =
        handle
            .createUpdate(
                "UPDATE job SET state = :state, ended = :ended, phase = :phase, progress ="
                    + " :progress, phases = :phases, status = :status, failed_at = :failedAt, receipt = :receipt"
                    + " WHERE job_id = :id")
            .bind("id", job.jobId())
            .bind("state", job.state().name())
            .bind("ended", millis(job.ended()))
            .bind("phase", job.phase())
            .bind("progress", job.progress())
            .bind("phases", JobPhase.text(job.phases()))
            .bind("status", job.status().toByteArray())
            .bind("failedAt", job.failedAt())
            .bind("receipt", job.receipt().toByteArray())
            .execute();
  }

  private JobRecord read(ResultSet row) throws SQLException {
    ByteString spec = ByteString.copyFrom(row.getBytes("spec"));
    long ended = row.getLong("ended");
    return new JobRecord(
        row.getString("job_id"),
        Digest.ofValue(row.getBytes("agreement")),
        row.getString("agreement_name"),
        row.getString("submitter_party"),
        row.getString("submitter_client"),
        row.getString("request_id"),
        Digest.ofValue(row.getBytes("request_sha256")),
        JobState.valueOf(row.getString("state")),
        spec,
        parameters.apply(spec),
        Instant.ofEpochMilli(row.getLong("created")),
        ended == 0 ? null : Instant.ofEpochMilli(ended),
        row.getString("phase"),
        row.getString("progress"),
        JobPhase.parse(row.getString("phases")),
        bytes(row, "status"),
        row.getString("failed_at"),
        bytes(row, "receipt"),
        row.getString("evidence_kind"));
  }

  private static ByteString bytes(ResultSet row, String column) throws SQLException {
    byte[] value = row.getBytes(column);
    return value == null ? ByteString.EMPTY : ByteString.copyFrom(value);
  }

  private static @Nullable Long millis(@Nullable Instant instant) {
    return instant == null ? null : instant.toEpochMilli();
  }
}
