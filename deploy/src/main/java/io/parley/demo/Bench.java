package io.parley.demo;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.ManagedChannel;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.identity.TlsIdentity;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.GetJobRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.JobServiceGrpc.JobServiceBlockingStub;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.proto.peer.v1.WatchJobRequest;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Times jobs of a running consortium from the client's chair, and what they are compared with, in
 * one run. Every figure is the median of {@value #RUNS} runs with the lowest and highest beside it.
 */
final class Bench implements AutoCloseable {
  private static final int RUNS = 5;

  private final ManagedChannel channel;
  private final JobServiceBlockingStub jobs;

  private Bench(Path home, Path certificate, Path key) throws IOException {
    TlsIdentity identity = TlsIdentity.load(certificate, key);
    Membership membership = membership(home);
    String party = identity.caller().party();
    channel =
        Channels.open(
            membership.member(party).address(),
            new MutualTls(Clock.systemUTC()),
            identity,
            new ExpectedServer.NodeOf(party, () -> membership));
    jobs = JobServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Usage: Bench HOME CLIENT.crt CLIENT.key HOME CLIENT.crt CLIENT.key TINY JOIN BULK BULK-BYTES
   * PLAIN-COMMAND..., first the computing party, then the one that sends in bulk, the next three
   * being agreement digests, and the command one that does the join with plain DuckDB.
   */
  public static void main(String[] args) throws Exception {
    if (args.length < 11) {
      System.err.println(
          "usage: Bench HOME CLIENT.crt CLIENT.key HOME CLIENT.crt CLIENT.key TINY JOIN BULK BULK-BYTES PLAIN-COMMAND...");
      System.exit(2);
    }
    PeakMemory memory = PeakMemory.start();
    try (Bench computing = new Bench(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]));
        Bench sending = new Bench(Path.of(args[3]), Path.of(args[4]), Path.of(args[5]))) {
      computing.tiny(Digest.parse(args[6]));
      computing.join(Digest.parse(args[7]), List.of(args).subList(10, args.length));
      computing.bulk(
          sending,
          Certificates.of(Path.of(args[3]), "bulk"),
          Digest.parse(args[8]),
          Long.parseLong(args[9]));
    } finally {
      memory.printAndStop();
    }
  }

  private void tiny(Digest agreement) {
    run(agreement); // Warms the hosts; enclaves are fresh for every job anyway.
    Times tiny = runs(agreement);
    tiny.print("tiny job, submit to result", Run::total);
    tiny.print("  enclave started", run -> run.span("launch", "test"));
    tiny.print("  enclave measured and tested", run -> run.span("test", "attest"));
    tiny.print("  keys asked and released", run -> run.span("attest", "exchange"));
    tiny.print("  rows exchanged", run -> run.span("exchange", "compute"));
    tiny.print("  app ran", run -> run.span("compute", "release"));
  }

  private void join(Digest agreement, List<String> plainCommand)
      throws IOException, InterruptedException {
    Times join = runs(agreement);
    join.print("join of 100,000 with 1,000,000 rows", Run::total);
    double[] plain = new double[RUNS];
    for (int i = 0; i < RUNS; i++) {
      plain[i] = plain(plainCommand);
    }
    print("  plain DuckDB on the union, a process", "ms", plain);
    System.out.printf("  ratio %41.2f%n", join.median(Run::total) / median(plain));
  }

  /** Jobs and a bare stream in turn, so that whatever else the machine does meets all of them. */
  private void bulk(Bench sending, Certificates certificates, Digest agreement, long bytes)
      throws IOException, InterruptedException {
    double[] first = new double[RUNS];
    double[] later = new double[RUNS];
    double[] tcp = new double[RUNS];
    for (int i = 0; i < RUNS; i++) {
      certificates.forget();
      first[i] = sealed(sending, agreement, bytes);
      List<ByteString> made = certificates.kept();
      later[i] = sealed(sending, agreement, bytes);
      if (made.size() != 1 || !made.equals(certificates.kept())) {
        throw new IllegalStateException("the first job certified nothing, or a later one again");
      }
      tcp[i] = LoopbackTcp.gigabytesPerSecond(bytes);
    }
    System.out.printf(
        "%d MB, from when both enclaves have keys to when the receiver has checked and stored all%n",
        bytes / 1_000_000);
    print("  one loopback TCP stream", "GB/s", tcp);
    print("  first job, the commitment is made", "GB/s", first);
    System.out.printf("  ratio %41.2f%n", median(first) / median(tcp));
    print("  later jobs, it is certified", "GB/s", later);
    System.out.printf("  ratio %41.2f%n", median(later) / median(tcp));
  }

  private double sealed(Bench sending, Digest agreement, long bytes) throws IOException {
    // The sender's file, the receiver's copy, and what both need on the way.
    TouchedMemory.touch(4 * bytes);
    Run run = run(agreement);
    return bytes / 1e6 / exchangeMillis(sending.job(run.job().getJobId()), run.job());
  }

  /** Neither can begin before the other has its keys too. Both hosts go by one machine's clock. */
  private static double exchangeMillis(Job sender, Job receiver) {
    Instant first = began(sender, "exchange");
    Instant second = began(receiver, "exchange");
    return millis(first.isAfter(second) ? first : second, began(receiver, "compute"));
  }

  private static double plain(List<String> command) throws IOException, InterruptedException {
    long start = System.nanoTime();
    int code =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
            .waitFor();
    if (code != 0) {
      throw new IllegalStateException("plain DuckDB ended with exit code " + code);
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private Times runs(Digest agreement) {
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) {
      runs.add(run(agreement));
    }
    return new Times(runs);
  }

  private Run run(Digest agreement) {
    long start = System.nanoTime();
    Job job =
        jobs.createJob(
                CreateJobRequest.newBuilder()
                    .setRequestId(UUID.randomUUID().toString())
                    .setAgreementSha256(agreement.value())
                    .build())
            .getJob();
    var changes = jobs.watchJob(WatchJobRequest.newBuilder().setJobId(job.getJobId()).build());
    while (changes.hasNext()) {
      job = changes.next().getJob();
    }
    if (job.getState() != JobState.JOB_STATE_SUCCEEDED) {
      throw new IllegalStateException("job ended " + job.getState());
    }
    for (var result : job.getResultsList()) {
      jobs.readResult(
              ReadResultRequest.newBuilder()
                  .setJobId(job.getJobId())
                  .setResult(result.getName())
                  .build())
          .forEachRemaining(chunk -> {});
    }
    return new Run(job, (System.nanoTime() - start) / 1e6);
  }

  private Job job(String id) {
    return jobs.getJob(GetJobRequest.newBuilder().setJobId(id).build()).getJob();
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  private static Membership membership(Path home) throws IOException {
    List<DsseEnvelope> chain = new ArrayList<>();
    try (var files = Files.list(home.resolve("consortium"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".dsse")).sorted().toList()) {
        chain.add(DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file))));
      }
    }
    return MembershipChain.verify(chain).current();
  }

  /** A job as it ended, and the time from its submit to its result, in milliseconds. */
  private record Run(Job job, double total) {
    /** From the beginning of one phase of the computing enclave to that of a later one. */
    double span(String from, String to) {
      return millis(began(job, from), began(job, to));
    }
  }

  private static double millis(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e6;
  }

  /** When a phase of the party's own enclave began. */
  private static Instant began(Job job, String phase) {
    Timestamp began =
        job.getPhasesList().stream()
            .filter(p -> p.getPhase().equals(phase))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("the job had no phase " + phase))
            .getBegan();
    return Instant.ofEpochSecond(began.getSeconds(), began.getNanos());
  }

  /**
   * What the sending node keeps of a dataset. Without it the next job is like a first one.
   *
   * @param folder of the dataset's files
   */
  private record Certificates(Path folder) {
    static Certificates of(Path home, String dataset) {
      return new Certificates(home.resolve("state/datasets").resolve(dataset));
    }

    void forget() throws IOException {
      for (Path file : files()) {
        Files.delete(file);
      }
    }

    List<ByteString> kept() throws IOException {
      List<ByteString> kept = new ArrayList<>();
      for (Path file : files()) {
        kept.add(ByteString.copyFrom(Files.readAllBytes(file)));
      }
      return kept;
    }

    private List<Path> files() throws IOException {
      try (var files = Files.list(folder)) {
        return files.filter(f -> f.toString().endsWith(".certificate")).sorted().toList();
      }
    }
  }

  private record Times(List<Run> runs) {
    void print(String what, ToDoubleFunction<Run> figure) {
      Bench.print(what, "ms", runs.stream().mapToDouble(figure).toArray());
    }

    double median(ToDoubleFunction<Run> figure) {
      return Bench.median(runs.stream().mapToDouble(figure).toArray());
    }
  }

  private static void print(String what, String unit, double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    System.out.printf(
        unit.equals("ms") ? "%-40s %8.0f %s (%.0f to %.0f)%n" : "%-40s %8.2f %s (%.2f to %.2f)%n",
        what,
        median(figures),
        unit,
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private static double median(double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
