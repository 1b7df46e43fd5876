package io.parley.broker.bench;

import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.Evidence;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures grants, from challenge to sealed key, on one broker's process over TLS; the askers are
 * in this process, on the same processors.
 *
 * <p>Arguments: an empty folder; how many seconds to measure each figure; then kinds, or none for
 * all. {@code -Dparley.bench.broker="FLAGS"} are the flags of the broker's JVM, {@code
 * -Dparley.bench.askers=1,16,256} how many ask at a time, {@code -Dparley.bench.warm_up=30000} how
 * many grants there are before anything is measured.
 */
public final class GrantBench {
  private static final List<String> KINDS =
      List.of(
          Evidence.SIMULATED, SevSnpPolicy.KIND, TdxPolicy.KIND, NitroPolicy.KIND, TpmPolicy.KIND);
  private static final int[] CROWDS =
      Arrays.stream(System.getProperty("parley.bench.askers", "1,16,256").split(","))
          .mapToInt(Integer::parseInt)
          .toArray();
  private static final int HELPERS = 16;
  private static final int ROUNDS = 3;

  /** A party may have 1024 challenges out, and there are two parties. */
  private static final int BATCH = 2048;

  /** The same of credentials for TPMs, of which a party may have 256 out. */
  private static final int TPM_BATCH = 512;

  /** A broker lives for months: what its first minutes cost is not what is measured. */
  private static final int WARM_UP_GRANTS = Integer.getInteger("parley.bench.warm_up", 30_000);

  private final PrintStream out;
  private final double seconds;
  private final Bench bench;
  private final RawCost raw = new RawCost();

  private GrantBench(PrintStream out, double seconds, Bench bench) {
    this.out = out;
    this.seconds = seconds;
    this.bench = bench;
  }

  /** What one grant's cryptography costs. */
  private record Raw(double perSecond, double micros) {
    /** The mean of both. */
    Raw with(Raw other) {
      return new Raw((perSecond + other.perSecond) / 2, (micros + other.micros) / 2);
    }
  }

  /** Grants, and what their cryptography cost before and after. */
  private record Round(Raw raw, Measured measured) {
    double ratio() {
      return measured.perSecond() / raw.perSecond();
    }
  }

  /**
   * Grants of one figure.
   *
   * @param brokerMicros processor time of the broker's process per grant
   * @param askerMicros the same of this one
   */
  private record Measured(double perSecond, double brokerMicros, double askerMicros, long[] nanos) {
    double millis(double quantile) {
      return nanos[(int) Math.min(nanos.length - 1L, (long) (quantile * nanos.length))] / 1e6;
    }
  }

  public static void main(String[] arguments) throws Exception {
    List<String> kinds =
        arguments.length > 2 ? Arrays.asList(arguments).subList(2, arguments.length) : KINDS;
    List<String> flags = List.of(System.getProperty("parley.bench.broker", "-Xmx256m").split(" "));
    try (Bench bench = new Bench(Path.of(arguments[0]), flags)) {
      new GrantBench(System.out, Double.parseDouble(arguments[1]), bench).run(kinds);
    }
    System.exit(0);
  }

  private void run(List<String> kinds) throws Exception {
    out.println(
        "kind        raw/s   raw us  askers  grants/s (lowest to highest)   of raw (lowest to highest)   p50 ms   p99 ms  broker us  asker us");
    warmUp(kinds);
    for (String kind : kinds) {
      for (int askers : CROWDS) {
        print(kind, askers, rounds(kind, askers));
      }
    }
  }

  private void warmUp(List<String> kinds) throws Exception {
    for (String kind : kinds) {
      var _ = measure(kind, HELPERS, 0, WARM_UP_GRANTS / kinds.size());
      var _ = raw(kind);
    }
  }

  /** On all processors, with nothing else to do. */
  private Raw raw(String kind) throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    try (Crowd crowd = new Crowd(processors)) {
      LongAdder done = new LongAdder();
      Duration before = own();
      double perSecond =
          crowd.perSecond(
              (long) (seconds / 2 * TimeUnit.SECONDS.toNanos(1)),
              () -> {
                raw.grant(kind);
                done.increment();
              });
      return new Raw(perSecond, own().minus(before).toNanos() / 1e3 / done.sum());
    }
  }

  /** Time that went by, and processor time, in the pieces of work that are measured. */
  private final class Used {
    private long nanos;
    private Duration broker = Duration.ZERO;
    private Duration asker = Duration.ZERO;

    void of(Callable<Long> timed) throws Exception {
      Duration brokerBefore = bench.processorTime();
      Duration ownBefore = own();
      nanos += timed.call();
      broker = broker.plus(bench.processorTime().minus(brokerBefore));
      asker = asker.plus(own().minus(ownBefore));
    }
  }

  private static Duration own() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
  }

  /**
   * Sorted by their ratio. The raw cost is measured around each round: a virtual machine is not as
   * fast now as it was a minute ago.
   */
  private List<Round> rounds(String kind, int askers) throws Exception {
    List<Round> rounds = new ArrayList<>();
    Raw before = raw(kind);
    for (int i = 0; i < ROUNDS; i++) {
      Measured measured = measure(kind, askers, seconds, 1);
      Raw after = raw(kind);
      rounds.add(new Round(before.with(after), measured));
      before = after;
    }
    rounds.sort(Comparator.comparingDouble(Round::ratio));
    return rounds;
  }

  /** In batches: the hardware's signatures in the middle of each are not measured. */
  private Measured measure(String kind, int askers, double atLeastSeconds, int atLeastGrants)
      throws Exception {
    List<Asker> all = new ArrayList<>();
    Used used = new Used();
    int most = kind.equals(TpmPolicy.KIND) ? TPM_BATCH : BATCH;
    int batch = askers == 1 ? TPM_BATCH / 8 : most;
    try (Crowd crowd = new Crowd(askers);
        Crowd helpers = new Crowd(HELPERS)) {
      while (used.nanos < atLeastSeconds * TimeUnit.SECONDS.toNanos(1)
          || all.size() < atLeastGrants) {
        List<Asker> some = java.util.Collections.synchronizedList(new ArrayList<>());
        List<Integer> jobs = new ArrayList<>();
        for (int i = 0; i < batch / 2; i++) {
          jobs.add(i);
        }
        var _ = helpers.each(jobs, number -> some.addAll(bench.askers(kind, number)));
        List<Asker> fixed = List.copyOf(some);
        used.of(() -> crowd.each(fixed, Asker::challenge));
        var _ = helpers.each(fixed, Asker::answer);
        used.of(() -> crowd.each(fixed, Asker::request));
        all.addAll(fixed);
      }
    }
    long[] waits = all.stream().mapToLong(Asker::nanos).sorted().toArray();
    return new Measured(
        all.size() * 1e9 / used.nanos,
        used.broker.toNanos() / 1e3 / all.size(),
        used.asker.toNanos() / 1e3 / all.size(),
        waits);
  }

  private void print(String kind, int askers, List<Round> rounds) {
    Raw cost = rounds.get(rounds.size() / 2).raw();
    Measured median = rounds.get(rounds.size() / 2).measured();
    DoubleSummaryStatistics rates =
        rounds.stream().mapToDouble(round -> round.measured().perSecond()).summaryStatistics();
    out.println(
        String.format(
            Locale.ROOT,
            "%-10s %6.0f  %7.0f  %6d  %8.0f (%5.0f to %5.0f)          %6.2f (%4.2f to %4.2f)        %7.1f  %7.1f  %9.0f  %8.0f",
            kind,
            cost.perSecond(),
            cost.micros(),
            askers,
            median.perSecond(),
            rates.getMin(),
            rates.getMax(),
            rounds.get(rounds.size() / 2).ratio(),
            rounds.getFirst().ratio(),
            rounds.getLast().ratio(),
            median.millis(0.5),
            median.millis(0.99),
            median.brokerMicros(),
            median.askerMicros()));
  }
}
