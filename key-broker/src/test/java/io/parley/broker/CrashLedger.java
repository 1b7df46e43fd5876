package io.parley.broker;

import static io.parley.broker.TestConsortium.INSURER;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.log.Decision.Action;
import io.parley.evidence.Evidence;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.tlog.SignedCheckpoint;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What clients asked a broker and what it answered, over all its crashes; compared with what the
 * broker says after a start. Filled by several threads.
 */
final class CrashLedger {
  private static final int SAMPLE = 4;

  final Queue<CreateJobRequest> asked = new ConcurrentLinkedQueue<>();
  final Map<CreateJobRequest, Integer> counted = new ConcurrentHashMap<>();

  /** By job: whose keys it got. */
  final Map<CreateJobRequest, Evidence> granted = new ConcurrentHashMap<>();

  /** Over challenges that were given out before the last crash: good for nothing any more. */
  final Queue<Evidence> stale = new ConcurrentLinkedQueue<>();

  final Map<FinishJobRequest, Envelope> receipts = new ConcurrentHashMap<>();
  final Queue<SignedAgreement> proposed = new ConcurrentLinkedQueue<>();
  final AtomicInteger refusals = new AtomicInteger();
  volatile @Nullable SignedCheckpoint cosigned;

  private final SignedAgreement signed;
  private final TestConsortium consortium;

  CrashLedger(SignedAgreement signed, TestConsortium consortium) {
    this.signed = signed;
    this.consortium = consortium;
  }

  /** An enclave of this job that the agreement wants. */
  FakeEnclave enclave(CreateJobRequest job) {
    return FakeEnclave.right(
        signed,
        INSURER,
        job.getJobId(),
        new Digest(job.getJobSha256()),
        consortium.party(INSURER).node().platformKey());
  }

  /** After a start: nothing that was answered is lost, nothing is given a second time. */
  void check(CrashClient client) {
    countsAreWhatWasAnswered(client);
    nothingIsReleasedTwice(client);
    receiptsStay(client);
    logHasItAll(client.decisions());
    cosigned = client.cosign(client.next(cosigned));
  }

  /** What was asked and not answered is asked again: it counts now, or had counted. */
  private void countsAreWhatWasAnswered(CrashClient client) {
    List<CreateJobRequest> again =
        new ArrayList<>(asked.stream().filter(job -> !counted.containsKey(job)).toList());
    again.addAll(counted.keySet().stream().limit(SAMPLE).toList());
    for (CreateJobRequest job : again) {
      int ordinal = client.keys().createJob(job).getJobsStarted();
      require(counted.getOrDefault(job, ordinal) == ordinal, "a job has another number now");
      counted.put(job, ordinal);
    }
    Set<Integer> numbers = new HashSet<>(counted.values());
    require(numbers.size() == counted.size(), "two jobs have one number");
    int started = client.jobsStarted(signed);
    require(started == counted.size(), "%d jobs, a count of %d".formatted(counted.size(), started));
    for (int i = 1; i <= started; i++) {
      require(numbers.contains(i), "no job has number " + i);
    }
  }

  private void nothingIsReleasedTwice(CrashClient client) {
    for (Evidence evidence = stale.poll(); evidence != null; evidence = stale.poll()) {
      client.requestInVain(evidence, Reason.CHALLENGE_UNKNOWN);
      refusals.incrementAndGet();
    }
    granted.entrySet().stream()
        .limit(SAMPLE)
        .forEach(released -> {
          client.requestInVain(released.getValue(), Reason.CHALLENGE_UNKNOWN);
          refusals.incrementAndGet();
          CreateJobRequest job = released.getKey();
          Evidence second = enclave(job).evidence(client.challenge(job));
          client.requestInVain(second, Reason.EVIDENCE_KEY_WRONG, Reason.JOB_NOT_RUNNING);
        });
  }

  private void receiptsStay(CrashClient client) {
    receipts.entrySet().stream()
        .limit(SAMPLE)
        .forEach(finished ->
            require(
                client.keys().finishJob(finished.getKey()).getReceipt().equals(finished.getValue()),
                "a receipt is another one now"));
    proposed.stream()
        .skip(Math.max(0, proposed.size() - SAMPLE))
        .forEach(agreement ->
            require(client.jobsStarted(agreement) == 0, "a job of a proposal was counted"));
  }

  private void logHasItAll(List<Decision> decisions) {
    Map<String, List<Decision>> byAction = new HashMap<>();
    for (Decision decision : decisions) {
      byAction.computeIfAbsent(decision.getAction(), action -> new ArrayList<>()).add(decision);
    }
    Set<String> jobs =
        of(byAction, Action.JOB).stream().map(Decision::getJobId).collect(Collectors.toSet());
    require(jobs.size() == of(byAction, Action.JOB).size(), "a job is in the log twice");
    require(
        jobs.equals(
            counted.keySet().stream().map(CreateJobRequest::getJobId).collect(Collectors.toSet())),
        "the log has other jobs than were counted");
    Map<String, ByteString> grants = new HashMap<>();
    for (Decision grant : of(byAction, Action.GRANT)) {
      require(
          grants.put(grant.getJobId(), grant.getSubjectSha256()) == null,
          "the log has two grants for one job");
    }
    granted.forEach((job, evidence) ->
        require(
            evidence.digest().value().equals(grants.get(job.getJobId())),
            "a grant that was answered is not in the log"));
    require(
        of(byAction, Action.RECEIPT).size() >= receipts.size(),
        "a receipt that was answered is not in the log");
    require(
        of(byAction, Action.REFUSE).size() >= refusals.get(),
        "a refusal that was answered is not in the log");
    require(
        of(byAction, Action.PROPOSE).size() >= proposed.size(),
        "a proposal that was answered is not in the log");
  }

  private static List<Decision> of(Map<String, List<Decision>> byAction, Action action) {
    return byAction.getOrDefault(action.text(), List.of());
  }

  static void require(boolean holds, String problem) {
    if (!holds) {
      throw new AssertionError(problem);
    }
  }
}
