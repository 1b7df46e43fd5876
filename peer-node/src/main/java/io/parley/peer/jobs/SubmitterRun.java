package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.JobState;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A job at the node whose client asked for it: asks the others to join, has the broker count it,
 * lets all launch, and says the final word.
 */
final class SubmitterRun extends JobRun {
  private enum Stage {
    JOINING,
    COUNTING,
    RUNNING,
    COLLECTING
  }

  private static final Duration CAUSE_WITHIN = Duration.ofMillis(1000);

  private final Map<String, PeerStream> streams = new LinkedHashMap<>();
  private final Set<String> notJoined = new HashSet<>();
  private final Set<String> notDone = new HashSet<>();
  private final List<SealedResult> results = new ArrayList<>();
  private ByteString receipt = ByteString.EMPTY;
  private Stage stage = Stage.JOINING;

  SubmitterRun(JobContext job, JobDesk desk, JobRecord record) {
    super(job, desk, record);
  }

  @Override
  void begin() {
    notJoined.addAll(job.participants());
    notDone.addAll(job.agreement().enclaveParties());
    for (String party : job.participants()) {
      if (!party.equals(job.party())) {
        invite(party);
      }
    }
    prepare(() -> joined(job.party()));
  }

  private void invite(String party) {
    apart(
        () -> {
          desk.host().peers().awaitConnected(party);
          return party;
        },
        connected -> {
          expectPulse(party);
          PeerStream stream = desk.host().peers().open(party, new Inbound(party));
          streams.put(party, stream);
          stream.send(new PeerMessage.Join(job.specBytes(), job.timeout()));
        });
  }

  private final class Inbound implements PeerStream.Listener {
    private final String party;

    Inbound(String party) {
      this.party = party;
    }

    @Override
    public void message(PeerMessage message) {
      post(new JobEvent.Said(party, message));
    }

    @Override
    public void gone(ParleyException why) {
      post(new JobEvent.Gone(party, why));
    }
  }

  @Override
  void said(String party, PeerMessage message) {
    switch (message) {
      case PeerMessage.Joined() -> joined(party);
      case PeerMessage.Progress progress -> {
        if (stage == Stage.RUNNING && notDone.contains(party)) {
          progressed(party, progress.phase(), progress.message());
        }
      }
      case PeerMessage.End end -> ended(party, end);
      case PeerMessage.Join _, PeerMessage.Start _ ->
          throw new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN,
              "the node of '%s' sent what only a submitter's may".formatted(party),
              Map.of("party", party));
    }
  }

  private void joined(String party) {
    notJoined.remove(party);
    if (!notJoined.isEmpty() || stage != Stage.JOINING) {
      return;
    }
    stage = Stage.COUNTING;
    apart(
        () -> {
          desk.host()
              .broker()
              .createJob(job.id(), job.id(), job.signed().digest(), Digest.of(job.specBytes()));
          return true;
        },
        counted -> launch());
  }

  private void launch() {
    stage = Stage.RUNNING;
    become(JobState.RUNNING);
    tell(new PeerMessage.Start());
    startEnclave();
  }

  @Override
  void enclaveDone(ByteString own, List<SealedResult> written) {
    if (job.computes()) {
      keepResults(own, written);
    }
    done(job.party(), own, written);
  }

  private void done(String party, ByteString theirs, List<SealedResult> held) {
    if (!notDone.remove(party)) {
      return;
    }
    if (receipt.isEmpty()) {
      receipt = theirs;
    }
    results.addAll(held);
    if (notDone.isEmpty()) {
      collect();
    }
  }

  private void ended(String party, PeerMessage.End end) {
    if (stage == Stage.COLLECTING) {
      return;
    }
    switch (end.state()) {
      case SUCCEEDED -> {
        boolean own = end.results().stream().allMatch(r -> r.heldBy().equals(party));
        if (stage != Stage.RUNNING || !own) {
          throw new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN,
              "the node of '%s' said that it is done before it was asked to start".formatted(party),
              Map.of("party", party));
        }
        done(party, end.receipt(), end.results());
      }
      default -> judge(Verdict.reported(at(party, end), end));
    }
  }

  /** While enclaves run, a consequence may be quicker than its cause. */
  @Override
  void judge(Verdict verdict) {
    if (stage == Stage.RUNNING && verdict.weight() < Verdict.CAUSE) {
      hold(verdict, CAUSE_WITHIN);
    } else {
      end(verdict);
    }
  }

  private String at(String party, PeerMessage.End end) {
    return job.participants().contains(end.failedAt()) ? end.failedAt() : party;
  }

  private void collect() {
    if (receipt.isEmpty()) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN, "all enclaves are done and none has a receipt");
    }
    // Looked at before the others hear of success: nobody can take that back.
    Map<String, Receipts.Output> unused = desk.verify(job, receipt);
    stage = Stage.COLLECTING;
    expectNoPulse();
    tell(new PeerMessage.End(JobState.SUCCEEDED, ByteString.EMPTY, "", receipt, results));
    closeStreams();
    phase("collect", "fetching results");
    apart(
        () -> {
          new ResultCollector(desk, job).collect(receipt, results);
          return true;
        },
        here -> end(JobState.SUCCEEDED, ByteString.EMPTY, "", receipt));
  }

  @Override
  void gone(String party, ParleyException why) {
    if (stage == Stage.COLLECTING) {
      return;
    }
    judge(
        Verdict.gone(
            party,
            why.reason() == Reason.PEER_UNAVAILABLE
                ? new EnvironmentException(
                    Reason.PEER_UNAVAILABLE,
                    "the node of '%s' is gone: %s".formatted(party, why.getMessage()),
                    Map.of("party", party),
                    why)
                : why));
  }

  @Override
  void tell(PeerMessage message) {
    streams.values().forEach(stream -> stream.send(message));
  }

  @Override
  void closeStreams() {
    streams.values().forEach(PeerStream::close);
    streams.clear();
  }
}
