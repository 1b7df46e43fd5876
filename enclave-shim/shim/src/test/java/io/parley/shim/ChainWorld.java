package io.parley.shim;

import io.parley.agreement.Budget;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainGrant;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainParameter;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.GateRule;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Shape;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.StepFlow;
import io.parley.agreement.Usage;
import io.parley.evidence.Manifest;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A chain of two steps at the insurer: the first reads admissions and claims and writes {@code
 * joined} for the second and the result {@code report}; the second reads {@code joined} and two of
 * claims' columns turned round, and writes the result {@code summary}. The apps are programs of the
 * test.
 */
final class ChainWorld {
  static final List<Column> JOINED =
      List.of(
          new Column("patient", ColumnType.BIGINT, false),
          new Column("amount", ColumnType.DOUBLE, true));

  /** What an app of the test does. */
  interface Program {
    AppRunner.AppExit run(Run run) throws IOException;
  }

  /** What an app of the test sees. */
  record Run(AppRunner.AppRun app, Path in, Path out, Path tmp) {
    List<String> inputs() throws IOException {
      try (Stream<Path> files = Files.list(in)) {
        return files.map(file -> file.getFileName().toString()).sorted().toList();
      }
    }

    void write(String name, List<Column> columns, List<@Nullable Object[]> rows)
        throws IOException {
      Files.write(out.resolve(name), TestTables.file(columns, rows, 100));
    }
  }

  final TestWorld world = new TestWorld("hospital", "insurer");
  final Path folder;
  GateRule gate = GateRule.NONE;
  Usage usage = Usage.UNSTATED;
  long minGroup;
  ChainParameter first = new ChainParameter.From("from", "since");
  ChainParameter second = new ChainParameter.Fixed("how", "all");
  final Map<String, Program> programs = new TreeMap<>();

  /** Which steps ran, in order. */
  final List<String> ran = Collections.synchronizedList(new ArrayList<>());

  ChainWorld(Path folder) throws IOException {
    this.folder = folder;
    app(1, "first");
    app(2, "second");
    programs.put("first", ChainWorld::first);
    programs.put("second", ChainWorld::second);
  }

  /** An app of one file, in the folder of this step, that says that it keeps to rules. */
  void rulesApp(int step, String program) throws IOException {
    app(step, program);
    Files.writeString(
        folder.resolve("appsrc").resolve(Integer.toString(step)).resolve("app.yaml"),
        "name: x\ncommand: [%s]\nenforces: [rules]\n".formatted(program));
  }

  /** An app of one file, in the folder of this step. */
  void app(int step, String program) throws IOException {
    Path app = Files.createDirectories(folder.resolve("appsrc").resolve(Integer.toString(step)));
    Files.writeString(app.resolve("app.yaml"), "name: x\ncommand: [%s]\n".formatted(program));
    Files.writeString(app.resolve(program), program);
  }

  Digest digest(int step) throws IOException {
    return Manifest.builder()
        .measure(folder.resolve("appsrc").resolve(Integer.toString(step)))
        .build()
        .digest();
  }

  Chain chain() throws IOException {
    List<Column> turned = List.of(TestWorld.CLAIMS.get(1), TestWorld.CLAIMS.get(0));
    return new Chain(
        List.of(
            new ChainStep(
                "join",
                digest(1),
                new StepFlow(
                    List.of(
                        new ChainInput("admissions", List.of()),
                        new ChainInput("claims", List.of())),
                    List.of(
                        new ChainOutput("report", List.of(), List.of()),
                        new ChainOutput("joined", JOINED, List.of("sum"))),
                    List.of(first))),
            new ChainStep(
                "sum",
                digest(2),
                new StepFlow(
                    List.of(new ChainInput("claims", turned), new ChainInput("joined", List.of())),
                    List.of(new ChainOutput("summary", List.of(), List.of())),
                    List.of(second, new ChainParameter.From("query", "query"))))),
        List.of(
            new ChainGrant("admissions", List.of("join")),
            new ChainGrant("claims", List.of("join", "sum"))));
  }

  TestJob job() throws IOException {
    return job(chain());
  }

  TestJob job(Chain chain) throws IOException {
    SignedAgreement signed =
        world.agreement(
            chain,
            List.of(
                new Dataset(
                    "admissions",
                    "hospital",
                    TestWorld.ADMISSIONS,
                    List.of("insurer"),
                    usage,
                    Budget.UNLIMITED,
                    gate),
                new Dataset("claims", "insurer", TestWorld.CLAIMS, List.of())),
            List.of("insurer"),
            List.of(
                new ResultRule("report", List.of("hospital"), 10),
                new ResultRule(
                    "summary",
                    List.of("hospital", "insurer"),
                    10,
                    new Shape(minGroup, new TreeMap<>(), List.of()))));
    TestJob job = TestJob.of(world, signed, folder);
    Folders places = job.folders("insurer");
    job.app =
        (run, progress) -> {
          String name = run.command().getFirst();
          ran.add(name);
          try {
            return TestWorld.value(programs, name)
                .run(new Run(run, places.in(), places.out(), places.scratch().getFirst()));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    return job;
  }

  static AppRunner.AppExit first(Run run) throws IOException {
    run.write(
        "joined.arrow",
        JOINED,
        List.of(new @Nullable Object[] {1L, 0.5}, new @Nullable Object[] {2L, null}));
    Files.writeString(run.out().resolve("report.csv"), "rows\n2\n");
    return new AppRunner.AppExit(0, false);
  }

  static AppRunner.AppExit second(Run run) throws IOException {
    int rows = TestTables.rowsOfFile(Files.readAllBytes(run.in().resolve("joined.arrow"))).size();
    Files.writeString(run.out().resolve("summary.csv"), "n\n%d\n".formatted(rows));
    return new AppRunner.AppExit(0, false);
  }
}
