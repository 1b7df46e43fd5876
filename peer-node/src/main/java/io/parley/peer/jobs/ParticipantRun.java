package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobState;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A job at a node that was asked to join: it does its part and believes the submitter's end. */
final class ParticipantRun extends JobRun {
  private enum Stage {
    PREPARING,
    JOINED,
    RUNNING,
    COLLECTING
  }

  private static final Duration LAST_WORD_WITHIN = Duration.ofMillis(2500);

  private final PeerStream submitter;
  private Stage stage = Stage.PREPARING;
  private long joinedNanos;

  ParticipantRun(JobContext job, JobDesk desk, JobRecord record, PeerStream submitter) {
    super(job, desk, record);
    this.submitter = submitter;
  }

  @Override
  void begin() {
    expectPulse(job.spec().submitter());
    prepare(() -> {
      stage = Stage.JOINED;
      joinedNanos = System.nanoTime();
      submitter.send(new PeerMessage.Joined());
    });
  }

  @Override
  void said(String party, PeerMessage message) {
    switch (message) {
      case PeerMessage.Start() -> start();
      case PeerMessage.Progress progress -> {
        if (stage == Stage.RUNNING && !job.computes()) {
          progressed(party, progress.phase(), progress.message());
        }
      }
      case PeerMessage.End end -> ended(end);
      case PeerMessage.Join _, PeerMessage.Joined _ ->
          throw broken("it asked to join twice, or answered as if it had been asked");
    }
  }

  /** Signs of life alone do not hold a slot here. */
  @Override
  void waiting(long nowNanos) {
    if (stage == Stage.JOINED && nowNanos - joinedNanos > desk.startWithin().toNanos()) {
      String party = job.spec().submitter();
      fail(
          party,
          new RefusedException(
              Reason.TIMEOUT,
              "the node of '%s' has not started the job within %d s of '%s' joining it"
                  .formatted(party, desk.startWithin().toSeconds(), job.party()),
              Map.of("party", party)));
    }
  }

  private void start() {
    if (stage != Stage.JOINED) {
      throw broken("it sent Start in stage " + stage);
    }
    stage = Stage.RUNNING;
    become(JobState.RUNNING);
    startEnclave();
  }

  @Override
  void enclaveDone(ByteString receipt, List<SealedResult> results) {
    if (job.computes()) {
      keepResults(receipt, results);
    }
    submitter.send(new PeerMessage.End(JobState.SUCCEEDED, ByteString.EMPTY, "", receipt, results));
  }

  private void ended(PeerMessage.End end) {
    switch (end.state()) {
      case SUCCEEDED -> collect(end);
      default -> end(Verdict.reported(at(end), end));
    }
  }

  /** The submitter hears of it at once, and has the last word on what the cause was. */
  @Override
  void judge(Verdict verdict) {
    if (stage != Stage.RUNNING) {
      end(verdict);
    } else if (!holding()) {
      submitter.send(
          new PeerMessage.End(
              verdict.state(), verdict.status(), verdict.party(), ByteString.EMPTY, List.of()));
      enclave.kill();
      hold(verdict, LAST_WORD_WITHIN);
    }
  }

  private String at(PeerMessage.End end) {
    return job.participants().contains(end.failedAt()) ? end.failedAt() : job.spec().submitter();
  }

  private void collect(PeerMessage.End end) {
    if (stage != Stage.RUNNING) {
      throw broken("it ended a job well that never started here");
    }
    stage = Stage.COLLECTING;
    expectNoPulse();
    submitter.close();
    phase("collect", "fetching results");
    apart(
        () -> {
          new ResultCollector(desk, job).collect(end.receipt(), end.results());
          return true;
        },
        here -> end(JobState.SUCCEEDED, ByteString.EMPTY, "", end.receipt()));
  }

  @Override
  void gone(String party, ParleyException why) {
    if (stage == Stage.COLLECTING) {
      return;
    }
    end(
        Verdict.gone(
            party,
            new EnvironmentException(
                Reason.PEER_UNAVAILABLE,
                "the node of '%s', which submitted the job, is gone: %s"
                    .formatted(party, why.getMessage()),
                Map.of("party", party),
                why)));
  }

  @Override
  void tell(PeerMessage message) {
    if (stage != Stage.COLLECTING) {
      submitter.send(message);
    }
  }

  @Override
  void closeStreams() {
    submitter.close();
  }

  private RefusedException broken(String what) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "the node of '%s' broke the protocol: %s".formatted(job.spec().submitter(), what),
        Map.of("party", job.spec().submitter()));
  }
}
