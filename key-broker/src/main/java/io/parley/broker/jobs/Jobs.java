package io.parley.broker.jobs;

import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.Allowance;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.gates.GateRows;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Jobs, counted.
 *
 * <p>Guarantee: an answered job is on disk and counted once, however often the same request comes,
 * also after a crash; an agreement never has more than {@code max_jobs} of them, nor more than
 * {@code jobs_per_day} in one day of UTC by the broker's clock, whichever way that clock was moved.
 * A job that fails stays counted. Thread-safe.
 */
public final class Jobs {
  /** Longest request id, characters. */
  static final int REQUEST_ID_LENGTH_MAX = 128;

  private static final String JOB_ID = "[0-9a-f]{32}";

  private final Store store;
  private final AuditLog log;
  private final DataKeys keys;
  private final StorageLimits limits;
  private final InstantSource clock;

  public Jobs(Store store, AuditLog log, DataKeys keys, StorageLimits limits, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Counts a job and makes the key of its channels.
   *
   * @param party that asks, and submits
   * @throws RefusedException INVALID_REQUEST, AGREEMENT_NOT_FOUND, NOT_A_PARTY, REQUEST_ID_REUSED,
   *     ALREADY_EXISTS for a job id that is taken, GATE_MISSING, what {@link
   *     Allowance#requireOneMore} throws, TOO_MANY when there were too many refusals
   */
  public StoredJob create(
      Party party, String requestId, String jobId, Digest agreement, Digest digest) {
    requireWellFormed(requestId, jobId);
    try {
      return store.write(write -> {
        StoredAgreement stored = AgreementRows.require(write, agreement);
        stored.requireParty(party);
        Optional<StoredJob> before =
            before(write, party.name(), requestId, jobId, agreement, digest);
        return before.isPresent()
            ? before.get()
            : count(write, stored, party.name(), requestId, jobId, digest);
      });
    } catch (RefusedException e) {
      record(party, agreement, jobId, e);
      throw e;
    }
  }

  private static Optional<StoredJob> before(
      Handle write, String party, String requestId, String jobId, Digest agreement, Digest digest) {
    Optional<StoredJob> asked = JobRows.findRequest(write, party, requestId);
    if (asked.isPresent()) {
      StoredJob job = asked.get();
      if (job.jobId().equals(jobId)
          && job.digest().equals(digest)
          && job.agreement().equals(agreement)) {
        return asked;
      }
      throw new RefusedException(
          Reason.REQUEST_ID_REUSED,
          "request id '%s' was used for job %s already; choose a new one for another job"
              .formatted(requestId, job.jobId()),
          Map.of("request_id", requestId, "job", job.jobId()));
    }
    if (JobRows.find(write, jobId).isPresent()) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "job id %s is taken; draw a new one".formatted(jobId),
          Map.of("job", jobId));
    }
    return Optional.empty();
  }

  private StoredJob count(
      Handle write,
      StoredAgreement stored,
      String party,
      String requestId,
      String jobId,
      Digest digest) {
    Instant now = clock.instant();
    Allowance.requireOneMore(write, stored, now);
    GateRows.requireSets(write, stored, clock);
    int max = stored.agreement().maxJobs();
    AgreementRows.countJob(write, stored.digest());
    int ordinal = Math.addExact(stored.jobsStarted(), 1);
    StoredJob job = new StoredJob(jobId, stored.digest(), digest, party, requestId, ordinal);
    JobRows.insert(write, job, now);
    keys.createForJob(write, stored.requireKek(), stored.digest(), jobId);
    log.append(
        write,
        Decision.about(
                Action.JOB, party, stored.digest(), jobId, "job %d of %d".formatted(ordinal, max))
            .on(digest));
    return job;
  }

  private void record(Party party, Digest agreement, String jobId, RefusedException refusal) {
    store.write(write -> {
      boolean concerned =
          AgreementRows.find(write, agreement).map(it -> it.names(party)).orElse(false);
      if (concerned) {
        limits.requireRoomInRecord(party);
        log.append(
            write,
            Decision.refusal(
                party.name(), agreement, jobId, refusal.reason().name(), "job not counted"));
      }
      return concerned;
    });
  }

  private static void requireWellFormed(String requestId, String jobId) {
    if (requestId.isEmpty() || requestId.length() > REQUEST_ID_LENGTH_MAX) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "request_id has %d characters; expected 1 to %d"
              .formatted(requestId.length(), REQUEST_ID_LENGTH_MAX),
          Map.of("field", "request_id"));
    }
    if (!jobId.matches(JOB_ID)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "job_id is not 32 lower-case hex digits",
          Map.of("field", "job_id"));
    }
  }
}
