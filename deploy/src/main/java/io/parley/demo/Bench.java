package io.parley.demo;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.ManagedChannel;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.identity.TlsIdentity;
import io.parley.proto.peer.v1.CreateJobRequest;
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
   * Usage: Bench HOME CLIENT.crt CLIENT.key TINY JOIN BULK BULK-BYTES PLAIN-COMMAND..., the three
   * being agreement digests, and the command one that does the join with plain DuckDB.
   */
  public static void main(String[] args) throws Exception {
    if (args.length < 8) {
      System.err.println(
          "usage: Bench HOME CLIENT.crt CLIENT.key TINY JOIN BULK BULK-BYTES PLAIN-COMMAND...");
      System.exit(2);
    }
    PeakMemory memory = PeakMemory.start();
    try (Bench bench = new Bench(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]))) {
      bench.run(Digest.parse(args[3])); // Warms the hosts; enclaves are fresh for every job anyway.
      Times tiny = bench.runs(Digest.parse(args[3]));
      tiny.print("tiny job, submit to result", "ms", Run::total);
      tiny.print("  enclave started", "ms", run -> run.span("launch", "test"));
      tiny.print("  enclave measured and tested", "ms", run -> run.span("test", "attest"));
      tiny.print("  keys asked and released", "ms", run -> run.span("attest", "exchange"));
      tiny.print("  rows exchanged", "ms", run -> run.span("exchange", "compute"));
      tiny.print("  app ran", "ms", run -> run.span("compute", "release"));
      Times join = bench.runs(Digest.parse(args[4]));
      join.print("join of 100,000 with 1,000,000 rows", "ms", Run::total);
      double[] plain = new double[RUNS];
      List<String> command = List.of(args).subList(7, args.length);
      for (int i = 0; i < RUNS; i++) {
        plain[i] = plain(command);
      }
      print("  plain DuckDB on the union, a process", "ms", plain);
      System.out.printf("  ratio %41.2f%n", join.median(Run::total) / median(plain));
      long bytes = Long.parseLong(args[6]);
      Times bulk = bench.runs(Digest.parse(args[5]));
      ToDoubleFunction<Run> rate = run -> bytes / 1e6 / run.span("exchange", "compute");
      bulk.print("enclave to enclave, sealed", "GB/s", rate);
      double[] tcp = new double[RUNS];
      for (int i = 0; i < RUNS; i++) {
        tcp[i] = LoopbackTcp.gigabytesPerSecond(bytes);
      }
      print("  one loopback TCP stream", "GB/s", tcp);
      System.out.printf("  ratio %41.2f%n", bulk.median(rate) / median(tcp));
    } finally {
      memory.printAndStop();
    }
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
      return Duration.between(began(from), began(to)).toNanos() / 1e6;
    }

    private Instant began(String phase) {
      Timestamp began =
          job.getPhasesList().stream()
              .filter(p -> p.getPhase().equals(phase))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("the job had no phase " + phase))
              .getBegan();
      return Instant.ofEpochSecond(began.getSeconds(), began.getNanos());
    }
  }

  private record Times(List<Run> runs) {
    void print(String what, String unit, ToDoubleFunction<Run> figure) {
      Bench.print(what, unit, runs.stream().mapToDouble(figure).toArray());
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
