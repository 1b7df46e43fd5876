package io.parley.apps.tally;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Supplier;

/** The command of a provider of ballots. Exit codes: 0 done, 2 wrong usage, 3 refused. */
public final class BallotsMain {
  private static final String USAGE =
      """
      Usage: ballots append FILE      takes lines VOTER,CHOICE from standard input
             ballots verify FILE      checks the whole chain; prints its length and its head
             ballots check FILE DATASET RESULT
                                      checks that RESULT, a table of the app tally, counted the
                                      ballots in FILE as DATASET; prints how many, and its digest

      FILE is a CSV file that only grows; add it as a dataset with the columns
      {sequence: BIGINT, voter: VARCHAR, cast_at: TIMESTAMP, choice: VARCHAR, link: VARCHAR}.
      Publish the head that verify prints: from then on nobody can change what is behind it.
      RESULT is the file that 'parley job result JOB --format arrow -o RESULT' writes. Compare its
      digest with the other providers: where it is the same, all saw the same heads.
      """;

  private final Supplier<LocalDateTime> clock;
  private final PrintStream out;
  private final PrintStream err;

  BallotsMain(Supplier<LocalDateTime> clock, PrintStream out, PrintStream err) {
    this.clock = clock;
    this.out = out;
    this.err = err;
  }

  /** The process. */
  public static void main(String[] args) {
    BallotsMain command =
        new BallotsMain(
            () -> LocalDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MICROS),
            System.out,
            System.err);
    System.exit(
        command.run(
            List.of(args),
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))));
  }

  int run(List<String> args, BufferedReader in) {
    String verb = args.isEmpty() ? "" : args.getFirst();
    if (args.size() != (verb.equals("check") ? 4 : 2)
        || !List.of("append", "verify", "check").contains(verb)) {
      err.print(USAGE);
      return 2;
    }
    try (BallotStore store = BallotStore.open(Path.of(args.get(1)))) {
      switch (verb) {
        case "append" -> append(store, in);
        case "check" -> check(store, args.get(2), Path.of(args.get(3)));
        default -> {}
      }
      out.printf("%d ballots, head %s%n", store.length(), store.head());
      return 0;
    } catch (IOException | IllegalArgumentException e) {
      err.printf("ballots: %s: %s%n", args.get(1), e.getMessage());
      return 3;
    }
  }

  private void check(BallotStore store, String dataset, Path result) throws IOException {
    CountedChains counted = CountedChains.read(result);
    out.printf(
        "%d of %d ballots counted as '%s', digest %s%n",
        counted.of(store, dataset), store.length(), dataset, counted.digest());
  }

  private void append(BallotStore store, BufferedReader in) throws IOException {
    int number = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      number++;
      String[] fields = line.split(",", -1);
      if (fields.length != 2) {
        throw new IOException("input line %d is not VOTER,CHOICE".formatted(number));
      }
      Ballot ballot = store.append(fields[0], clock.get(), fields[1]);
      out.printf("%d%n", ballot.sequence());
    }
  }
}
