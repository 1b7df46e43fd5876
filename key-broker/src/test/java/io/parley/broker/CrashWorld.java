package io.parley.broker;

import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;

import io.grpc.StatusRuntimeException;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.store.FaultPoint;
import io.parley.evidence.Evidence;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.tlog.SignedCheckpoint;
import io.parley.transport.Channels;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One broker's home that is crashed over and over, and the clients that remember what it answered.
 * A cycle is one life of the broker's process: start, check, work, SIGKILL.
 */
final class CrashWorld {
  private static final int WORKERS = 3;
  private static final int JOBS_PER_WORKER = 3;
  private static final int JOBS_PER_CYCLE = WORKERS * JOBS_PER_WORKER;

  /** Of one life, which passes a point about so often. */
  private static final int PASSES = 60;

  /** The same for what happens a few times in one life only. */
  private static final int FEW_PASSES = 4;

  private static final Set<FaultPoint> FEW =
      EnumSet.of(FaultPoint.TILES_WRITTEN, FaultPoint.FILED, FaultPoint.COSIGNATURE_CHECKED);

  /** The log's files follow within this time. */
  private static final Duration REST_MAX = Duration.ofMillis(300);

  /** What checks ask for in vain, in a minute of fast cycles. */
  private static final String MANY_REFUSALS = "decisions_per_minute: 10000";

  private final Path folder;
  private final Random random;
  private final MutableTime time = new MutableTime(Instant.now());
  private final TestConsortium consortium;
  private final SignedAgreement signed;
  private final CrashLedger ledger;
  private final int maxJobs;
  private int proposals;

  /**
   * @param cycles that this broker will live through
   */
  CrashWorld(Path folder, int cycles, Random random) throws IOException {
    this.folder = folder;
    this.random = random;
    this.maxJobs = (cycles + 1) * JOBS_PER_CYCLE + 10;
    consortium = TestBroker.create(home(), time, "127.0.0.1:0");
    Path config = home().resolve("broker.yaml");
    Files.writeString(
        config, Files.readString(config).replace("decisions_per_minute: 600", MANY_REFUSALS));
    signed = consortium.sign(consortium.agreement("wards", maxJobs), HOSPITAL, INSURER);
    ledger = new CrashLedger(signed, consortium);
  }

  private Path home() {
    return folder.resolve("broker");
  }

  /**
   * One life, which ends at this point, or at a random moment.
   *
   * @param at null: at a random moment
   * @return whether it ended at that point
   */
  boolean cycle(@Nullable FaultPoint at) throws IOException, InterruptedException {
    try (BrokerProcess process = start(at)) {
      String address = process.addressOrEnd();
      if (address == null) {
        // The files of the log are written before it listens.
        return died(process, at);
      }
      try (CrashClient client = new CrashClient(address, consortium, time)) {
        live(client, process, at);
      }
      return died(process, at);
    }
  }

  /**
   * After the last cycle: a process that is not crashed answers as it did, and counts to the end.
   */
  void end() throws IOException, InterruptedException {
    try (BrokerProcess process = start(null);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      client.present(ledger.cosigned);
      client.propose(signed);
      ledger.check(client);
      while (ledger.counted.size() < maxJobs) {
        CreateJobRequest job = TestBroker.job(signed);
        ledger.counted.put(job, client.keys().createJob(job).getJobsStarted());
      }
      TestBroker.refused(
          Reason.MAX_JOBS_REACHED, () -> client.keys().createJob(TestBroker.job(signed)));
      ledger.check(client);
    }
  }

  private BrokerProcess start(@Nullable FaultPoint at) throws IOException {
    List<String> flags = List.of("-XX:TieredStopAtLevel=1", "-Xmx128m", "-Xshare:auto");
    return at == null
        ? BrokerProcess.start(home(), folder, flags)
        : BrokerProcess.start(
            home(),
            folder,
            flags,
            CrashingBroker.class.getName(),
            List.of("--at", at.name(), "--pass", Integer.toString(pass(at))));
  }

  private int pass(FaultPoint at) {
    return 1 + random.nextInt(FEW.contains(at) ? FEW_PASSES : PASSES);
  }

  private static boolean died(BrokerProcess process, @Nullable FaultPoint at)
      throws IOException, InterruptedException {
    boolean byItself = at != null && process.wasKilled(REST_MAX);
    process.kill();
    CrashLedger.require(
        process.wasKilled(Duration.ZERO), "the broker ended otherwise: " + process.log());
    return byItself;
  }

  private void live(CrashClient client, BrokerProcess process, @Nullable FaultPoint at)
      throws InterruptedException {
    AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
    List<Thread> workers = new ArrayList<>();
    try {
      client.present(ledger.cosigned);
      client.propose(signed);
      ledger.check(client);
    } catch (StatusRuntimeException e) {
      requireGone(e);
      return;
    }
    for (int i = 0; i < WORKERS; i++) {
      workers.add(Thread.ofPlatform().start(() -> guarded(wrong, () -> work(client))));
    }
    workers.add(Thread.ofPlatform().start(() -> guarded(wrong, () -> witness(client))));
    if (at == null) {
      int enough = ledger.counted.size() + random.nextInt(JOBS_PER_CYCLE);
      while (ledger.counted.size() < enough && workers.stream().anyMatch(Thread::isAlive)) {
        Thread.sleep(1);
      }
      process.kill();
    }
    for (Thread worker : workers) {
      worker.join();
    }
    Throwable problem = wrong.get();
    if (problem != null) {
      throw new AssertionError(problem.getMessage(), problem);
    }
  }

  private static void guarded(AtomicReference<@Nullable Throwable> wrong, Runnable work) {
    try {
      work.run();
    } catch (StatusRuntimeException e) {
      try {
        requireGone(e);
      } catch (AssertionError other) {
        wrong.set(other);
      }
    } catch (RuntimeException | Error e) {
      wrong.set(e);
    }
  }

  /** The only failure that a client may see is that nobody is there. */
  private static void requireGone(StatusRuntimeException e) {
    Reason reason = Channels.failure(e, Reason.BROKER_UNAVAILABLE).reason();
    CrashLedger.require(reason == Reason.BROKER_UNAVAILABLE, "a client was told " + e);
  }

  private void work(CrashClient client) {
    for (int i = 0; i < JOBS_PER_WORKER; i++) {
      CreateJobRequest job = TestBroker.job(signed);
      ledger.asked.add(job);
      ledger.counted.put(job, client.keys().createJob(job).getJobsStarted());
      FakeEnclave enclave = ledger.enclave(job);
      Evidence unused = enclave.evidence(client.challenge(job));
      ledger.stale.add(unused);
      Evidence evidence = enclave.evidence(client.challenge(job));
      // Asked with, and so used up, whether there is an answer or not.
      ledger.stale.add(evidence);
      client.request(evidence);
      ledger.granted.put(job, evidence);
      client.requestInVain(evidence, Reason.CHALLENGE_UNKNOWN);
      ledger.refusals.incrementAndGet();
      FinishJobRequest finish =
          enclave.finish(
              JobReport.newBuilder()
                  .setJobId(job.getJobId())
                  .setParty(INSURER)
                  .setJobSha256(job.getJobSha256())
                  .build());
      ledger.receipts.put(finish, client.keys().finishJob(finish).getReceipt());
    }
  }

  /** Looks at the log again and again, cosigns it, and proposes something in between. */
  private void witness(CrashClient client) {
    for (int i = 0; i < JOBS_PER_WORKER; i++) {
      SignedCheckpoint next = client.next(ledger.cosigned);
      ledger.cosigned = next;
      ledger.cosigned = client.cosign(next);
      proposals++;
      SignedAgreement proposal =
          consortium.sign(consortium.agreement("proposal-" + proposals, 1), INSURER, HOSPITAL);
      client.propose(proposal);
      ledger.proposed.add(proposal);
    }
  }
}
