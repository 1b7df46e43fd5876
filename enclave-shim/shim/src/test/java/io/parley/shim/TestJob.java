package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Manifest;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.Receipt;
import io.parley.seal.HpkeSuite;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.shim.exchange.Exchange;
import io.parley.shim.host.HostConnection;
import io.parley.shim.keys.Retries;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A job with real shims in threads, real seals and signatures, fake hosts and a fake broker. Change
 * what is public, then {@link #start}.
 */
final class TestJob implements AutoCloseable {
  final TestWorld world;
  final SignedAgreement signed;
  final JobSpec spec;
  final FakeBroker broker;
  final Map<String, FakeHost> hosts = new ConcurrentHashMap<>();
  final Map<String, Folders> folders = new ConcurrentHashMap<>();
  final Map<String, CompletableFuture<Boolean>> shims = new ConcurrentHashMap<>();
  AppRunner app = TestJob::countRows;
  Exchange.Patience patience =
      new Exchange.Patience(Duration.ofSeconds(10), Duration.ofSeconds(10));
  long ownBytes = 64L << 20;

  private TestJob(TestWorld world, SignedAgreement signed, Path folder) throws IOException {
    this.world = world;
    this.signed = signed;
    this.spec = world.spec(signed);
    this.broker = new FakeBroker(world, signed, spec);
    for (String party : signed.agreement().enclaveParties()) {
      var unused = new FakeHost(party, broker, folder.resolve("host-" + party), hosts);
      Path enclave = folder.resolve("enclave-" + party);
      folders.put(
          party,
          new Folders(
              signed.agreement().computes(party)
                  ? appFolder(folder).resolve("..").normalize()
                  : enclave.resolve("none"),
              Files.createDirectories(enclave.resolve("app")),
              Files.createDirectories(enclave.resolve("in")),
              Files.createDirectories(enclave.resolve("out")),
              enclave.resolve("held"),
              List.of(Files.createDirectories(enclave.resolve("tmp")))));
    }
  }

  /** Hospital and insurer, at most this many rows of result. */
  static TestJob ofTwo(Path folder, long maxRows) throws IOException {
    TestWorld world = new TestWorld("hospital", "insurer");
    return new TestJob(world, world.hospitalAndInsurer(appDigest(folder), maxRows), folder);
  }

  /** The same under an agreement that names this suite. */
  static TestJob ofTwo(Path folder, HpkeSuite hpke) throws IOException {
    TestWorld world = new TestWorld("hospital", "insurer");
    world.hpke = hpke;
    return new TestJob(world, world.hospitalAndInsurer(appDigest(folder), 10), folder);
  }

  static TestJob of(TestWorld world, SignedAgreement signed, Path folder) throws IOException {
    return new TestJob(world, signed, folder);
  }

  static Path appFolder(Path folder) throws IOException {
    Path app = folder.resolve("appsrc/1");
    if (!Files.exists(app)) {
      Files.createDirectories(app);
      Files.writeString(app.resolve("app.yaml"), "name: rows\ncommand: [count, \"rows\"]\n");
      Files.write(app.resolve("count"), new byte[] {1, 2, 3});
    }
    return app;
  }

  static Digest appDigest(Path folder) throws IOException {
    return Manifest.builder().measure(appFolder(folder)).build().digest();
  }

  /** The app of most tests: one CSV row per input, with its name and number of rows. */
  static AppRunner.AppExit countRows(AppRunner.AppRun run, AppRunner.ProgressSink progress) {
    Path in = run.folder().resolve("../../in").normalize();
    try (var inputs = Files.list(in)) {
      StringBuilder csv = new StringBuilder("dataset,rows\n");
      for (Path input : inputs.filter(f -> f.toString().endsWith(".arrow")).sorted().toList()) {
        csv.append(input.getFileName())
            .append(',')
            .append(TestTables.rowsOfFile(Files.readAllBytes(input)).size())
            .append('\n');
      }
      progress.progress("counted", 1, 1);
      Files.writeString(in.resolveSibling("out").resolve("summary.csv"), csv);
      return new AppRunner.AppExit(0, false);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  FakeHost host(String party) {
    return TestWorld.value(hosts, party);
  }

  Folders folders(String party) {
    return TestWorld.value(folders, party);
  }

  /** Starts every shim, its job, and hands in its datasets. */
  TestJob start() throws IOException {
    for (String party : signed.agreement().enclaveParties()) {
      startShim(party);
      host(party).start();
    }
    giveDatasets();
    return this;
  }

  void giveDatasets() throws IOException {
    host("hospital").give("admissions", admissions(1000));
    host("insurer").give("claims", claims(500));
  }

  void startShim(String party) {
    CompletableFuture<Boolean> ended = new CompletableFuture<>();
    shims.put(party, ended);
    Thread thread =
        new Thread(
            () -> {
              HostConnection[] connection = new HostConnection[1];
              connection[0] =
                  HostConnection.start(
                      host(party).shimEnd,
                      cause -> {
                        // In an enclave the process ends here.
                        host(party).shimEnd.close();
                      });
              try {
                ended.complete(new Shim(parts(party)).run(connection[0]));
              } catch (RuntimeException | Error e) {
                ended.completeExceptionally(e);
              } finally {
                connection[0].close();
              }
            },
            "shim-" + party);
    thread.setDaemon(true);
    thread.start();
  }

  private ShimParts parts(String party) {
    return new ShimParts(
        folders(party),
        world.random,
        System::nanoTime,
        () -> new TreeMap<>(Map.of("network", "denied")),
        app,
        new Retries(4, Duration.ofMillis(10), Duration.ofMillis(50)),
        patience,
        ownBytes,
        2);
  }

  boolean ended(String party) throws Exception {
    return TestWorld.value(shims, party).get(30, TimeUnit.SECONDS);
  }

  Receipt receipt(String party) throws Exception {
    if (!ended(party)) {
      throw new AssertionError("the job failed", host(party).failure());
    }
    ByteString envelope = host(party).outcome().getSuccess().getReceipt();
    return Receipt.parseFrom(Envelope.parseFrom(envelope).getPayload());
  }

  static byte[] admissions(int count) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      rows.add(new @Nullable Object[] {i, i % 5 == 0 ? null : "ward " + i % 7});
    }
    return TestTables.file(TestWorld.ADMISSIONS, rows, 300);
  }

  static byte[] claims(int count) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      rows.add(new @Nullable Object[] {i * 2, i / 4.0});
    }
    return TestTables.file(TestWorld.CLAIMS, rows, 300);
  }

  @Override
  public void close() {
    hosts.values().forEach(FakeHost::close);
  }
}
