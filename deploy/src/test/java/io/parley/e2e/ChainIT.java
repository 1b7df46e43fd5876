package io.parley.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chains of apps in real enclaves. */
class ChainIT {
  private static final Path EXAMPLES = Path.of(System.getProperty("parley.deploy"), "examples");

  @TempDir Path folder;

  private Command.Result lalonde() throws Exception {
    return Command.parley(
        "try",
        EXAMPLES.resolve("lalonde/agreement.yaml").toString(),
        "--data",
        "agency:people=" + folder.resolve("people.csv"),
        "--data",
        "taxoffice:incomes=" + folder.resolve("incomes.csv"),
        "--format",
        "csv");
  }

  /** The second field of the first row that begins so. */
  private static double figure(String out, String row) {
    return out.lines()
        .filter(line -> line.startsWith(row + ","))
        .map(line -> Double.parseDouble(line.substring(row.length() + 1).split(",", 2)[0]))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no row " + row + " in " + out));
  }

  @Test
  void matchedSampleGoesToTheRegressionAndBothAgree() throws Exception {
    people(new Random(7));
    String out = lalonde().ok().out();
    // With as many controls as treated, the coefficient is the difference of the means.
    assertThat(figure(out, "coefficient,treat")).isCloseTo(figure(out, "effect,att"), within(1e-6));
    assertThat(out).doesNotContain("race=white,weight");
  }

  @Test
  void figuresPublishedForTheRealDataComeOut() throws Exception {
    Path shared = Path.of(System.getProperty("parley.shared", "../shared"), "data/lalonde.tab");
    Assumptions.assumeTrue(Files.isReadable(shared), "the real data are not here");
    split(Files.readAllLines(shared, UTF_8));
    String out = lalonde().ok().out();
    Percentage exact = Percentage.withPercentage(1e-4);
    assertThat(figure(out, "effect,att")).isCloseTo(894.3674802703, exact);
    assertThat(figure(out, "counts,score_deviance")).isCloseTo(487.8439313105, exact);
    assertThat(figure(out, "coefficient,treat")).isCloseTo(894.3674802703, exact);
    String unmatched = out.substring(out.lastIndexOf("section,term"));
    assertThat(figure(unmatched, "coefficient,treat")).isCloseTo(1548.2438019990, exact);
  }

  private void split(List<String> lines) throws IOException {
    List<String> people = new ArrayList<>(List.of("id,treat,age,educ,race,married,nodegree"));
    List<String> incomes = new ArrayList<>(List.of("id,re74,re75,re78"));
    for (String line : lines.subList(1, lines.size())) {
      String[] parts = line.replace("\"", "").split(" ");
      people.add(String.join(",", List.of(parts).subList(0, 7)));
      incomes.add(parts[0] + "," + String.join(",", List.of(parts).subList(7, 10)));
    }
    Files.write(folder.resolve("people.csv"), people);
    Files.write(folder.resolve("incomes.csv"), incomes);
  }

  /** Made-up people of the same shape: 60 trained, 140 not. */
  private void people(Random random) throws IOException {
    List<String> lines = new ArrayList<>(List.of("header"));
    for (int i = 0; i < 200; i++) {
      int treat = i < 60 ? 1 : 0;
      lines.add(
          "p%d %d %d %d %s %d %d %d %d %d"
              .formatted(
                  i,
                  treat,
                  18 + random.nextInt(40) - 4 * treat * random.nextInt(2),
                  8 + random.nextInt(8),
                  List.of("black", "hispan", "white").get(random.nextInt(3)),
                  random.nextInt(2),
                  random.nextInt(2),
                  random.nextInt(20_000),
                  random.nextInt(20_000),
                  random.nextInt(20_000) + 500 * treat));
    }
    split(lines);
  }

  private Path perl(String name, String script) throws Exception {
    Path app = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        app.resolve("app.yaml"),
        "name: %s\ninterpreter: perl\ncommand: [app.pl]\n".formatted(name));
    Files.writeString(app.resolve("app.pl"), script);
    Path packed = folder.resolve(name + ".tar");
    Command.parley(
            "app",
            "pack",
            app.toString(),
            "--interpreter",
            "/usr/bin/perl",
            "-o",
            packed.toString())
        .ok();
    return packed;
  }

  @Test
  void stepSeesNothingOfAnother() throws Exception {
    Path first =
        perl(
            "first",
            """
            open(my $w, '>', '/tmp/word'); print $w 'secret'; close($w);
            utime(1, 1, '/tmp', '/in', '/out');
            open(my $r, '>', '/out/one.csv'); print $r "n\\n1\\n"; close($r);
            """);
    Path second =
        perl(
            "second",
            """
            my @seen;
            for my $folder ('/job', '/app', '/appsrc', '/tmp', '/in', '/out', '/net', '/private') {
              opendir(my $d, $folder) or next;
              push(@seen, map { "$folder/$_" } sort grep { !/^[.]/ } readdir($d));
            }
            for my $file ('/in/a.arrow', '/app/1/app.pl', '/appsrc/1/app.pl', '/proc/1/mem') {
              push(@seen, "read $file") if open(my $f, '<', $file);
            }
            push(@seen, 'time') if (stat('/tmp'))[9] == 1 || (stat('/in'))[9] == 1;
            open(my $r, '>', '/out/two.csv'); print $r "seen\\n", map { "$_\\n" } @seen; close($r);
            """);
    Path agreement =
        Files.writeString(
            folder.resolve("agreement.yaml"),
            """
            agreement: apart
            parties: [ada, bob]
            chain:
              first: {app: first, reads: [a], writes: [one]}
              second: {app: second, reads: [b], writes: [two]}
            datasets:
              a: {owner: ada, columns: {k: BIGINT}, released_to: [bob], read_by: [first]}
              b: {owner: bob, columns: {k: BIGINT}, read_by: [second]}
            compute: [bob]
            results:
              one: {recipients: [ada], max_rows: 10}
              two: {recipients: [ada], max_rows: 100}
            environment: {evidence: [simulated], tests: strict}
            changes: never
            expires: 2030-01-01
            max_jobs: 3
            """);
    Path rows = Files.writeString(folder.resolve("rows.csv"), "k\n1\n2\n");
    String out =
        Command.parley(
                "try",
                agreement.toString(),
                "--data",
                "ada:a=" + rows,
                "--data",
                "bob:b=" + rows,
                "--app",
                "first=" + first,
                "--app",
                "second=" + second,
                "--format",
                "csv")
            .ok()
            .out();
    assertThat(out.substring(out.indexOf("seen")).lines())
        .containsExactly("seen", "/in/b.arrow", "/in/params.json");
  }
}
