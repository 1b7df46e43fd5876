package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.store.JobState;
import io.parley.wire.BugException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a stream before and after its job exists here: checks take a while, and
 * what arrives meanwhile is kept for it, up to a limit. Thread-safe.
 */
final class InboundJob implements PeerStream.Listener {
  private static final int EARLY_MAX = 64;

  /** Makes the job that a first message asks for. */
  interface Joiner {
    JobRun join(String caller, PeerMessage.Join wish, PeerStream back);
  }

  private final String caller;
  private final PeerStream back;
  private final Joiner joiner;
  private final List<JobEvent> early = new ArrayList<>();
  private boolean asked;
  private boolean refused;
  private @Nullable JobRun run;

  InboundJob(String caller, PeerStream back, Joiner joiner) {
    this.caller = caller;
    this.back = back;
    this.joiner = joiner;
  }

  /** Ends a stream that has not asked for anything in time. */
  void expectWish(Duration within) {
    Thread unused =
        Thread.ofVirtual()
            .name("first-word")
            .start(() -> {
              try {
                Thread.sleep(within);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
              }
              synchronized (this) {
                if (asked) {
                  return;
                }
                asked = true;
              }
              refuse(
                  new RefusedException(
                      Reason.PEER_PROTOCOL_BROKEN,
                      "no Join came within %d ms".formatted(within.toMillis())));
            });
  }

  @Override
  public void message(PeerMessage message) {
    boolean first;
    synchronized (this) {
      first = !asked;
      asked = true;
    }
    if (!first) {
      event(new JobEvent.Said(caller, message));
    } else if (message instanceof PeerMessage.Join wish) {
      Thread unused = Thread.ofVirtual().name("join").start(() -> join(wish));
    } else {
      refuse(
          new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN, "the first message of a job's stream must be Join"));
    }
  }

  @Override
  public void gone(ParleyException why) {
    event(new JobEvent.Gone(caller, why));
  }

  private void join(PeerMessage.Join wish) {
    try {
      begun(joiner.join(caller, wish, back));
    } catch (ParleyException e) {
      refuse(e);
    } catch (RuntimeException e) {
      JobRun.LOG.atError().setCause(e).log("joining a job failed");
      refuse(new BugException("joining the job failed: " + e, e));
    }
  }

  private synchronized void begun(JobRun begun) {
    run = begun;
    early.forEach(begun::post);
    early.clear();
  }

  private void event(JobEvent event) {
    JobRun target;
    synchronized (this) {
      target = run;
      if (target == null) {
        if (!refused && early.size() < EARLY_MAX) {
          early.add(event);
        }
        return;
      }
    }
    target.post(event);
  }

  private void refuse(ParleyException why) {
    synchronized (this) {
      refused = true;
      early.clear();
    }
    back.send(
        new PeerMessage.End(
            JobState.FAILED,
            Statuses.toStatus(why).toByteString(),
            "",
            ByteString.EMPTY,
            List.of()));
    back.close();
  }
}
