package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.JobSpec;
import io.parley.link.Descriptor;
import io.parley.peer.relay.Admissions;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobState;
import io.parley.peer.store.JobStore;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All jobs at this node: those its own clients submitted and those that other nodes asked it to
 * join. Thread-safe.
 *
 * <p>Guarantee: one request id makes one job, also across restarts; a job that has ended has left
 * no process and no half-written file here.
 */
public final class Jobs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);
  private static final int JOINING_MAX = 32;
  private static final long SHUTDOWN_WITHIN_MS = 8_000;

  private final String party;
  private final JobStore store;
  private final JobDesk desk;
  private final JobChecks checks;
  private final SecureRandom random;
  private final JobSlots slots;
  private final Semaphore joining = new Semaphore(JOINING_MAX);
  private final Map<String, JobRun> runs = new ConcurrentHashMap<>();
  private final Object submitting = new Object();
  private volatile boolean closing;

  /** Use {@link JobsWiring}. */
  Jobs(
      String party,
      JobStore store,
      JobDesk.Parts parts,
      JobChecks checks,
      SecureRandom random,
      int runningMax) {
    this.party = party;
    this.store = store;
    this.desk = parts.desk(this::ended);
    this.checks = checks;
    this.random = random;
    this.slots = new JobSlots(party, runningMax);
    recover();
  }

  /** Nothing of an earlier process runs any more: its jobs have failed. */
  private void recover() {
    for (JobRecord job : store.unfinished()) {
      EnvironmentException why =
          new EnvironmentException(
              Reason.NODE_RESTARTED,
              "the node of '%s' was restarted while the job ran; submit it again".formatted(party),
              Map.of("party", party));
      desk.host().results().discard(job.jobId());
      store.update(
          job.ended(
              JobState.FAILED,
              desk.clock().instant(),
              Statuses.toStatus(why).toByteString(),
              party,
              ByteString.EMPTY));
    }
  }

  /**
   * Starts a job, or answers with the one that this request id has started.
   *
   * @throws RefusedException for every check that fails before the job exists
   */
  public JobRecord submit(Submission asked) {
    Optional<JobRecord> known = store.byRequest(asked.client(), asked.requestId());
    if (known.isPresent()) {
      return sameRequest(asked, known.get());
    }
    JobContext job = check(asked);
    synchronized (submitting) {
      known = store.byRequest(asked.client(), asked.requestId());
      if (known.isPresent()) {
        return sameRequest(asked, known.get());
      }
      takeSlot(job);
      JobRecord record = record(job, asked.client(), asked.requestId(), asked.fingerprint());
      start(new SubmitterRun(job, desk, record), record);
      return record;
    }
  }

  /** As {@link #submit} without starting anything: every check that this node can make. */
  public JobRecord validate(Submission asked) {
    return record(check(asked), asked.client(), asked.requestId(), asked.fingerprint());
  }

  private JobContext check(Submission asked) {
    Instant now = desk.clock().instant();
    JobSpec spec =
        new JobSpec(
            JobSpec.newJobId(now, random), asked.agreement(), party, now, asked.parameters());
    return checks.check(spec.encode(), asked.timeout());
  }

  private JobRecord sameRequest(Submission asked, JobRecord known) {
    if (!known.request().equals(asked.fingerprint())) {
      throw new RefusedException(
          Reason.REQUEST_ID_REUSED,
          "request_id '%s' has started job %s, which is another; choose a new one"
              .formatted(asked.requestId(), known.jobId()),
          Map.of("request_id", asked.requestId(), "job", known.jobId()));
    }
    return desk.feed().fresh(known);
  }

  private void takeSlot(JobContext job) {
    if (closing) {
      throw shuttingDown();
    }
    slots.take(job.spec().submitter());
  }

  private void start(JobRun run, JobRecord record) {
    boolean started = false;
    try {
      JobRecord added = store.add(record);
      if (!added.jobId().equals(record.jobId())) {
        throw new RefusedException(Reason.ALREADY_EXISTS, "the request has a job already");
      }
      desk.feed().begin(record);
      runs.put(record.jobId(), run);
      Thread.ofVirtual().name("job-" + record.jobId()).start(run);
      started = true;
    } finally {
      if (!started) {
        slots.release(run.job.spec().submitter());
      }
    }
  }

  private JobRecord record(JobContext job, String client, String requestId, Digest request) {
    return new JobRecord(
        job.id(),
        job.signed().digest(),
        job.agreement().name(),
        job.spec().submitter(),
        client,
        requestId,
        request,
        JobState.PENDING_APPROVAL,
        job.specBytes(),
        job.spec().parameters(),
        job.spec().created(),
        null,
        "launch",
        "waiting for the other parties",
        List.of(),
        ByteString.EMPTY,
        "",
        ByteString.EMPTY,
        desk.host().evidenceKind());
  }

  private void ended(JobRun run) {
    if (runs.remove(run.job.id()) != null) {
      slots.release(run.job.spec().submitter());
    }
  }

  /**
   * Another node's stream: the first message asks to join. Answers with who listens to it.
   *
   * @param caller the party of the node that calls
   * @param back the way back
   */
  public PeerStream.Listener accept(String caller, PeerStream back) {
    InboundJob inbound = new InboundJob(caller, back, this::join);
    inbound.expectWish(desk.pulse().firstWord());
    return inbound;
  }

  private JobRun join(String caller, PeerMessage.Join wish, PeerStream back) {
    JobContext job = checkJoin(wish);
    if (!job.spec().submitter().equals(caller)) {
      throw new RefusedException(
          Reason.NOT_YOURS,
          "'%s' asks to join a job of '%s'".formatted(caller, job.spec().submitter()),
          Map.of("caller", caller, "submitter", job.spec().submitter()));
    }
    takeSlot(job);
    JobRecord record = record(job, "", "", Digest.of(job.specBytes()));
    ParticipantRun run = new ParticipantRun(job, desk, record, back);
    synchronized (submitting) {
      if (store.get(job.id()).isPresent()) {
        slots.release(caller);
        throw new RefusedException(
            Reason.ALREADY_EXISTS,
            "job %s was here before; a job runs once".formatted(job.id()),
            Map.of("job", job.id()));
      }
      start(run, record);
    }
    return run;
  }

  /**
   * Checks ask the broker and verify signatures: a flood of wishes must not become one of those.
   */
  private JobContext checkJoin(PeerMessage.Join wish) {
    if (!joining.tryAcquire()) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "the node of '%s' is looking at %d jobs to join already; try again later"
              .formatted(party, JOINING_MAX),
          Map.of("party", party, "limit", Integer.toString(JOINING_MAX)));
    }
    try {
      return checks.check(wish.spec(), wish.timeout());
    } finally {
      joining.release();
    }
  }

  /**
   * A token for a stream from that party's enclave to this one's.
   *
   * @throws RefusedException JOB_NOT_RUNNING, or when the job does not call for it
   */
  public ByteString expectChannel(String from, String jobId, String stream) {
    JobRun run = runs.get(jobId);
    if (run == null) {
      throw new RefusedException(
          Reason.JOB_NOT_RUNNING,
          "job %s does not run at '%s'".formatted(jobId, party),
          Map.of("job", jobId, "party", party));
    }
    run.enclave.expect(from, stream);
    return desk.admissions()
        .admit(
            new Admissions.Admission(
                jobId, from, (Descriptor socket) -> run.enclave.accept(from, stream, socket)));
  }

  /**
   * The job as it is now.
   *
   * @throws RefusedException JOB_NOT_FOUND
   */
  public JobRecord get(String jobId) {
    return desk.feed()
        .get(jobId)
        .orElseThrow(() ->
            new RefusedException(
                Reason.JOB_NOT_FOUND,
                "no job %s at '%s'".formatted(jobId, party),
                Map.of("job", jobId)));
  }

  /** Newest first; {@code client} limits to one client's. */
  public List<JobRecord> list(@Nullable String client, @Nullable JobRecord after, int limit) {
    return store.list(client, after, limit).stream().map(desk.feed()::fresh).toList();
  }

  public JobFeed feed() {
    return desk.feed();
  }

  /**
   * Stops a job everywhere. One that has ended stays as it is.
   *
   * @throws RefusedException JOB_NOT_FOUND
   */
  public JobRecord cancel(String jobId, String who, String reason) {
    JobRun run = runs.get(jobId);
    if (run != null) {
      run.post(new JobEvent.Cancelled(who, reason));
    }
    return get(jobId);
  }

  /** Jobs whose results are all gone become EXPIRED. */
  public void sweep() {
    desk.host().results().sweep(this::expire);
  }

  /** A recipient has had a result of this node's to its end. */
  public void delivered(String jobId, String result, String recipient) {
    desk.host().results().delivered(jobId, result, recipient, this::expire);
  }

  private void expire(String jobId) {
    JobRecord job = get(jobId);
    if (job.state() == JobState.SUCCEEDED) {
      desk.feed().change(job.at(JobState.EXPIRED, job.phase(), "results have been deleted"));
    }
  }

  /** How many run now. */
  public int running() {
    return runs.size();
  }

  /** Ends all jobs, everywhere, within seconds; takes no new ones. */
  @Override
  public void close() {
    closing = true;
    ParleyException why = shuttingDown();
    runs.values().forEach(run -> run.post(new JobEvent.Failed(party, why)));
    long deadline = System.nanoTime() + Duration.ofMillis(SHUTDOWN_WITHIN_MS).toNanos();
    while (!runs.isEmpty() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    if (!runs.isEmpty()) {
      LOG.atError().log("{} jobs have not ended in time", runs.size());
    }
  }

  private EnvironmentException shuttingDown() {
    return new EnvironmentException(
        Reason.NODE_RESTARTED,
        "the node of '%s' is shutting down".formatted(party),
        Map.of("party", party));
  }
}
