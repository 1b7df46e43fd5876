package io.parley.peer.cli;

import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.concurrent.atomic.AtomicReference;

/** Follows a job until it has ended, through short breaks of the connection. */
final class JobWatch {
  private static final int BREAKS_MAX = 5;
  private static final long PAUSE_MILLIS = 500;

  private final Session session;

  JobWatch(Session session) {
    this.session = session;
  }

  Job untilEnd(String jobId) {
    return untilEnd(session.node(), jobId);
  }

  Job untilEnd(NodeClient node, String jobId) {
    AtomicReference<Job> last = new AtomicReference<>(Job.getDefaultInstance());
    try (Progress progress = Progress.ofSteps(session, "job", Progress.PHASES.size())) {
      for (int breaks = 0; !JobViews.ended(last.get()); breaks++) {
        if (breaks > 0) {
          pause(breaks);
        }
        try {
          node.watch(
              jobId,
              job -> {
                last.set(job);
                show(progress, job);
              });
        } catch (EnvironmentException e) {
          // The job goes on without us; only a node that stays away is a reason to give up.
          if (breaks >= BREAKS_MAX) {
            throw e;
          }
        }
        if (breaks >= BREAKS_MAX && !JobViews.ended(last.get())) {
          throw new EnvironmentException(
              Reason.PEER_UNAVAILABLE, "the node keeps ending the stream before the job has ended");
        }
      }
    }
    return last.get();
  }

  private static void show(Progress progress, Job job) {
    int phase = Progress.PHASES.indexOf(job.getPhase());
    long done =
        job.getState() == JobState.JOB_STATE_SUCCEEDED
            ? Progress.PHASES.size()
            : Math.max(0, phase);
    String what =
        job.getPhase().isEmpty() || JobViews.ended(job)
            ? JobViews.state(job).toLowerCase(java.util.Locale.ROOT)
            : job.getPhase();
    progress.at(
        done,
        job.getProgress().isEmpty() || JobViews.ended(job)
            ? what
            : what + ": " + job.getProgress());
  }

  private static void pause(int breaks) {
    try {
      Thread.sleep(PAUSE_MILLIS * breaks);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.CANCELLED, "interrupted");
    }
  }
}
