package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.ResultRule;
import io.parley.peer.results.ResultFiles;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobState;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job at this node, as long as it runs. All that happens to it arrives as events in one inbox
 * and is handled on one thread, so nothing here needs a lock. The first end wins: it goes to the
 * other nodes at once, then the enclave is killed, files are removed, and only then does the job's
 * state say that it has ended.
 */
abstract sealed class JobRun implements Runnable, EnclaveSession.Listener
    permits SubmitterRun, ParticipantRun {
  static final Logger LOG = LoggerFactory.getLogger(JobRun.class);

  private static final int INBOX_MAX = 1024;
  private static final int END_WITHIN_SECONDS = 15;
  private static final int REASON_CHARS_MAX = 1000;

  /** Sign of life, and how long its absence is put up with. */
  record Pulse(Duration every, Duration silence, Duration firstWord) {
    static final Pulse DEFAULT =
        new Pulse(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(20));
  }

  final JobContext job;
  final JobDesk desk;
  final EnclaveSession enclave;

  private final BlockingQueue<JobEvent> inbox = new LinkedBlockingQueue<>(INBOX_MAX);
  private final AtomicReference<ShimMessage.@Nullable Progress> newest = new AtomicReference<>();
  private final PhaseClock phases;
  private final Map<String, Long> heard = new HashMap<>();
  private final long deadlineNanos;
  private long pulseNanos;
  private @Nullable Verdict held;
  private long decideNanos;
  private boolean enclaveStarted;
  private volatile boolean over;
  private final AtomicReference<@Nullable Prepared> prepared = new AtomicReference<>();
  private String progressOf = "";
  JobRecord record;

  JobRun(JobContext job, JobDesk desk, JobRecord record) {
    this.job = job;
    this.desk = desk;
    this.record = record;
    this.phases = new PhaseClock(desk.clock());
    this.enclave = new EnclaveSession(job, desk.host(), this);
    this.deadlineNanos = System.nanoTime() + job.timeout().toNanos();
  }

  /** The first thing to do. */
  abstract void begin();

  /** Looked at over and over while the job lasts, for what does not happen. */
  void waiting(long nowNanos) {}

  abstract void said(String party, PeerMessage message);

  abstract void gone(String party, ParleyException why);

  abstract void enclaveDone(ByteString receipt, List<SealedResult> results);

  /** Sends to every node at the other end of a stream. */
  abstract void tell(PeerMessage message);

  /** Ends the streams in good order. */
  abstract void closeStreams();

  @Override
  public final void run() {
    desk.feed().begin(record);
    try {
      guarded(this::begin);
      while (!over) {
        JobEvent event = inbox.poll(desk.pulse().every().toMillis() / 4, TimeUnit.MILLISECONDS);
        guarded(() -> {
          if (event != null) {
            handle(event);
          }
          if (!over) {
            tick();
          }
        });
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (ParleyException e) {
      fail(job.party(), e);
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("job", job.id()).setCause(e).log("job step failed");
      fail(job.party(), new BugException("running the job failed: " + e, e));
    }
  }

  private void handle(JobEvent event) {
    switch (event) {
      case JobEvent.Said said -> {
        heard.put(said.party(), System.nanoTime());
        said(said.party(), said.message());
      }
      case JobEvent.Gone gone -> gone(gone.party(), gone.why());
      case JobEvent.Progressed() -> {
        ShimMessage.@Nullable Progress progress = newest.getAndSet(null);
        if (progress != null) {
          progressed(job.party(), progress.phase(), text(progress));
        }
      }
      case JobEvent.EnclaveDone done -> enclaveDone(done.receipt(), done.results());
      case JobEvent.Failed failed -> fail(failed.party(), failed.why());
      case JobEvent.Cancelled(String who, String reason) ->
          judge(
              Verdict.cancelled(
                  job.party(),
                  who,
                  reason.substring(0, Math.min(REASON_CHARS_MAX, reason.length()))));
      case JobEvent.Continue next -> next.then().run();
    }
  }

  private void tick() {
    long now = System.nanoTime();
    Verdict so = held;
    if (so != null && now - decideNanos > 0) {
      end(so);
      return;
    }
    if (now - deadlineNanos > 0) {
      throw new RefusedException(
          Reason.TIMEOUT,
          "the job was not done after %d s; it was in phase '%s'"
              .formatted(job.timeout().toSeconds(), record.phase()),
          Map.of("timeout_ms", Long.toString(job.timeout().toMillis()), "phase", record.phase()));
    }
    for (Map.Entry<String, Long> entry : heard.entrySet()) {
      if (now - entry.getValue() > desk.pulse().silence().toNanos()) {
        gone(
            entry.getKey(),
            new EnvironmentException(
                Reason.PEER_UNAVAILABLE,
                "the node of '%s' has been silent for %d ms"
                    .formatted(entry.getKey(), desk.pulse().silence().toMillis()),
                Map.of("party", entry.getKey())));
        return;
      }
    }
    waiting(now);
    if (!over && now - pulseNanos > desk.pulse().every().toNanos()) {
      pulseNanos = now;
      tell(new PeerMessage.Progress(job.party(), record.phase(), record.progress()));
    }
  }

  /** From here on this node must give signs of life; the first may take a while. */
  final void expectPulse(String party) {
    heard.put(
        party,
        System.nanoTime() + desk.pulse().firstWord().toNanos() - desk.pulse().silence().toNanos());
  }

  final void expectNoPulse() {
    heard.clear();
  }

  /** Does something slow on another thread; {@code then} goes on here unless the job has ended. */
  final <T> void apart(Supplier<T> work, Consumer<T> then) {
    desk.host()
        .threads()
        .execute(() -> {
          try {
            T value = work.get();
            post(new JobEvent.Continue(() -> then.accept(value)));
          } catch (ParleyException e) {
            post(new JobEvent.Failed(job.party(), e));
          } catch (RuntimeException e) {
            LOG.atError().addKeyValue("job", job.id()).setCause(e).log("job work failed");
            post(new JobEvent.Failed(job.party(), new BugException("job work: " + e, e)));
          }
        });
  }

  /** Opens the own datasets and gets the app, on another thread. */
  final void prepare(Runnable then) {
    apart(
        () -> {
          Prepared ready = desk.preparation().prepare(job);
          if (!prepared.compareAndSet(null, ready)) {
            ready.close();
          }
          return ready;
        },
        ready -> then.run());
  }

  /** Launches the own enclave with what was prepared, where this party has one. */
  final void startEnclave() {
    Prepared ready = prepared.get();
    if (job.hasEnclave() && ready != null) {
      enclaveStarted = true;
      enclave.start(ready.datasets(), ready.apps());
    }
  }

  final void become(JobState state) {
    record = record.at(state, record.phase(), record.progress());
    desk.feed().change(record);
  }

  /** Shows how far it is: the computing party's word counts most. */
  final void progressed(String party, String phase, String message) {
    boolean computing = job.agreement().computes(party);
    if (computing || !job.agreement().computes(progressOf)) {
      progressOf = party;
      record = record.at(record.state(), phase, message).with(phases.phases());
      desk.feed().progress(record);
    }
  }

  final void phase(String phase, String message) {
    record = record.at(record.state(), phase, message);
    desk.feed().progress(record);
  }

  private static String text(ShimMessage.Progress progress) {
    String counts =
        progress.total() > 0
            ? " (%d of %d)".formatted(progress.done(), progress.total())
            : progress.done() > 0 ? " (%d)".formatted(progress.done()) : "";
    return progress.message() + counts;
  }

  /** Compares what the own enclave wrote with the receipt, and keeps it for the recipients. */
  final void keepResults(ByteString receipt, List<SealedResult> results) {
    Map<String, Receipts.Output> outputs = desk.verify(job, receipt);
    for (SealedResult result : results) {
      desk.requireAsInReceipt(result, outputs.get(result.name()));
      ResultRule rule = job.agreement().result(result.name());
      desk.host()
          .results()
          .keep(
              job.id(),
              rule,
              new ResultFiles.Measured(result.sizeBytes(), result.sha256()),
              rule.recipients());
    }
  }

  final void fail(String party, ParleyException why) {
    LOG.atWarn()
        .addKeyValue("job", job.id())
        .addKeyValue("party", party)
        .addKeyValue("reason", why.reason())
        .log("job failed: {}", why.getMessage());
    judge(Verdict.failure(party, why));
  }

  /** Something has gone wrong: ends the job, now or when it is clear what it was. */
  abstract void judge(Verdict verdict);

  /** Keeps the heaviest verdict so far, the earliest of equals, for a moment. */
  final void hold(Verdict verdict, Duration atMost) {
    Verdict so = held;
    if (so == null) {
      decideNanos = System.nanoTime() + atMost.toNanos();
    }
    if (so == null || verdict.weight() > so.weight()) {
      held = verdict;
    }
  }

  final boolean holding() {
    return held != null;
  }

  final void end(Verdict verdict) {
    end(verdict.state(), verdict.status(), verdict.party(), ByteString.EMPTY);
  }

  /** Ends the job here; tells the others unless it succeeded (they have been told then). */
  final void end(JobState state, ByteString status, String failedAt, ByteString receipt) {
    if (over) {
      return;
    }
    over = true;
    try {
      if (state != JobState.SUCCEEDED) {
        tell(new PeerMessage.End(state, status, failedAt, ByteString.EMPTY, List.of()));
      }
      closeStreams();
    } finally {
      tidyUp(state);
      record =
          record
              .with(phases.phases())
              .ended(state, desk.clock().instant(), status, failedAt, receipt);
      desk.feed().change(record);
      desk.ended(this);
      LOG.atInfo().addKeyValue("job", job.id()).log("job is {}", state);
    }
  }

  private void tidyUp(JobState state) {
    desk.admissions().forget(job.id());
    if (enclaveStarted) {
      enclave.kill();
      if (!enclave.awaitEnd(END_WITHIN_SECONDS)) {
        LOG.atError().addKeyValue("job", job.id()).log("the enclave is still there after its kill");
      }
    } else {
      enclave.neverStarted();
      // From here on whoever prepares closes what it has prepared.
      Prepared ready = prepared.getAndSet(Prepared.NOTHING);
      if (ready != null) {
        ready.close();
      }
    }
    try {
      if (state == JobState.SUCCEEDED) {
        desk.host().results().discardParts(job.id());
      } else {
        desk.host().results().discard(job.id());
      }
    } catch (ParleyException e) {
      LOG.atError().addKeyValue("job", job.id()).setCause(e).log("files of the job are left");
    }
  }

  final boolean over() {
    return over;
  }

  /** Adds an event; waits when the inbox is full, so that a loud peer is slowed down. */
  final void post(JobEvent event) {
    try {
      while (!over && !inbox.offer(event, 100, TimeUnit.MILLISECONDS)) {
        // Full: the run is busy, or over.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public final void progress(ShimMessage.Progress progress) {
    phases.at(progress.phase());
    if (newest.getAndSet(progress) == null) {
      post(new JobEvent.Progressed());
    }
  }

  @Override
  public final void done(ByteString receipt, List<SealedResult> results) {
    post(new JobEvent.EnclaveDone(receipt, results));
  }

  @Override
  public final void failed(String party, ParleyException why) {
    post(new JobEvent.Failed(party, why));
  }
}
