package io.parley.peer.jobs;

import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobStore;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Where jobs are now, and a way to wait for changes. A watcher that is slow misses states in
 * between, never the last one; nothing queues up. Thread-safe.
 */
public final class JobFeed {
  private static final int WATCHERS_MAX = 256;

  private final JobStore store;
  private final Map<String, JobRecord> live = new ConcurrentHashMap<>();
  private final Set<Watcher> watchers = new HashSet<>();

  JobFeed(JobStore store) {
    this.store = store;
  }

  /** The job as it is now. */
  public Optional<JobRecord> get(String jobId) {
    return Optional.ofNullable(live.get(jobId)).or(() -> store.get(jobId));
  }

  /** The same record, as it is now. */
  public JobRecord fresh(JobRecord job) {
    return live.getOrDefault(job.jobId(), job);
  }

  /** A job has begun: its progress is kept in memory from here on. */
  void begin(JobRecord job) {
    live.put(job.jobId(), job);
  }

  /** A phase or a count has changed; nothing is written to disk. */
  void progress(JobRecord job) {
    live.put(job.jobId(), job);
    signal(job.jobId());
  }

  /** The state has changed: on disk first. */
  void change(JobRecord job) {
    store.update(job);
    if (job.state().ended()) {
      live.remove(job.jobId());
    } else {
      live.put(job.jobId(), job);
    }
    signal(job.jobId());
  }

  private void signal(String jobId) {
    synchronized (watchers) {
      for (Watcher watcher : watchers) {
        if (watcher.jobId.equals(jobId) && watcher.changed.availablePermits() == 0) {
          watcher.changed.release();
        }
      }
    }
  }

  /**
   * Watches one job until closed.
   *
   * @throws RefusedException TOO_MANY
   */
  public Watcher watch(String jobId) {
    Watcher watcher = new Watcher(jobId);
    synchronized (watchers) {
      if (watchers.size() >= WATCHERS_MAX) {
        throw new RefusedException(
            Reason.TOO_MANY, "%d clients are watching jobs already".formatted(WATCHERS_MAX));
      }
      watchers.add(watcher);
    }
    return watcher;
  }

  /** One who waits for changes of a job. */
  public final class Watcher implements AutoCloseable {
    private final String jobId;
    private final Semaphore changed = new Semaphore(0);

    private Watcher(String jobId) {
      this.jobId = jobId;
    }

    /** Waits for a change; false when none came in time. */
    public boolean await(long milliseconds) throws InterruptedException {
      return changed.tryAcquire(milliseconds, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
      synchronized (watchers) {
        watchers.remove(this);
      }
    }
  }
}
