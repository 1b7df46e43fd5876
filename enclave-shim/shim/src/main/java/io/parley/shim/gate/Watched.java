package io.parley.shim.gate;

import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateVerdict;
import io.parley.shim.compute.AppRunner.Observed;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was seen of a run, or of all runs on one set.
 *
 * @param result names what came out; null: nothing to look at
 */
record Watched(
    GateVerdict verdict,
    List<Finding> findings,
    @Nullable Digest result,
    Duration time,
    Observed observed) {
  Watched {
    findings = List.copyOf(findings);
  }

  /** Of a run of which there is nothing but how it ended. */
  static Watched ended(GateVerdict verdict, String what, String expected, ParleyException e) {
    return new Watched(
        verdict,
        List.of(new Finding(what, expected, String.valueOf(e.getMessage()))),
        null,
        Duration.ZERO,
        Observed.NOTHING);
  }

  /**
   * Both runs, of which this one passed.
   *
   * @param drawn columns that had other values on the second, by table
   */
  Watched then(Watched second, Map<String, List<String>> drawn) {
    Duration both = time.plus(second.time());
    Observed seen = together(observed, second.observed());
    return switch (second.verdict()) {
      case PASSED -> new Watched(GateVerdict.PASSED, List.of(), result, both, seen);
      case LIMIT -> new Watched(GateVerdict.LIMIT, second.findings(), null, both, seen);
      case RESULT_DIFFERS, APP_FAILED, ATTEMPTED, SET_WRONG ->
          new Watched(
              GateVerdict.ATTEMPTED,
              List.of(
                  new Finding(
                      names(drawn), "results that do not depend on them", second.difference())),
              null,
              both,
              seen);
    };
  }

  private static Observed together(Observed first, Observed second) {
    return new Observed(
        Math.max(first.peakMemoryBytes(), second.peakMemoryBytes()),
        Math.max(first.processes(), second.processes()),
        Stream.concat(first.attempts().stream(), second.attempts().stream()).toList());
  }

  private static String names(Map<String, List<String>> drawn) {
    return drawn.entrySet().stream()
        .map(table -> table.getKey() + ": " + String.join(", ", table.getValue()))
        .collect(Collectors.joining("; ", "columns ", ""));
  }

  /** How the run on drawn values was not like the first. */
  private String difference() {
    Finding first = findings.getFirst();
    return switch (verdict) {
      case RESULT_DIFFERS ->
          "another result: %s: %s, not %s".formatted(first.what(), first.seen(), first.expected());
      case ATTEMPTED -> "an attempt: %s: %s".formatted(first.what(), first.seen());
      default -> "the app failed: " + first.seen();
    };
  }
}
