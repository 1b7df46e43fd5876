package io.parley.broker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.PlatformClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.policy.platform.Comparison;
import io.parley.broker.policy.platform.Comparison.Outcome;
import io.parley.wire.BugException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An appraisal as people and scripts read it. */
final class Report {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final EvidenceKind kind;
  private final Instant at;
  private final ExpectedReportData reportData;
  private final Appraisal appraisal;

  Report(EvidenceKind kind, Instant at, ExpectedReportData reportData, Appraisal appraisal) {
    this.kind = kind;
    this.at = at;
    this.reportData = reportData;
    this.appraisal = appraisal;
  }

  boolean allowed() {
    return appraisal.allowed();
  }

  /** The claims, what they were judged at, and which of them nobody compared with anything. */
  String json() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("kind", kind.text());
    all.put("at", at.toString());
    if (appraisal.verification()
        instanceof Verification.Genuine<? extends PlatformClaims> genuine) {
      all.putAll(genuine.evidence().fields());
    }
    all.put("not_compared", notCompared());
    try {
      return JSON.writeValueAsString(all);
    } catch (JsonProcessingException e) {
      throw new BugException("texts and numbers cannot be written as JSON", e);
    }
  }

  /** Why it is refused: the first failure of the platform's checks, or all of the policy's. */
  List<String> refusals() {
    return switch (appraisal.verification()) {
      case Verification.Bad<?>(var reason, var claim, var advice, var expected, var seen) ->
          List.of(line(reason.name(), claim, advice, expected, seen));
      case Verification.Unchecked<?>(var reason, var why) ->
          List.of("%s: could not be checked: %s".formatted(reason, why));
      case Verification.Genuine<?> _ ->
          appraisal.comparisons().stream()
              .filter(Appraisal::differs)
              .map(c -> line(c.reason().name(), c.claim(), c.advice(), c.expected(), c.seen()))
              .toList();
    };
  }

  List<String> notes() {
    List<String> open = notCompared();
    return allowed() && !open.isEmpty()
        ? List.of("not compared with anything: " + String.join(", ", open))
        : List.of();
  }

  /** One line for each claim. */
  List<String> table() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"CLAIM", "OUTCOME", "EXPECTED", "SEEN", "SOURCE"});
    switch (appraisal.verification()) {
      case Verification.Bad<?>(var reason, var claim, var _, var expected, var seen) ->
          rows.add(new String[] {claim, reason.name(), expected, seen, "platform"});
      case Verification.Unchecked<?>(var reason, var why) ->
          rows.add(new String[] {"-", "COULD NOT CHECK, " + reason, "-", "-", why});
      case Verification.Genuine<?> _ -> {
        rows.add(new String[] {"platform", "HOLDS", "genuine", "genuine", "the vendor's root"});
        rows.add(reportData());
        for (Comparison each : appraisal.comparisons()) {
          rows.add(
              new String[] {
                each.claim(),
                each.outcome() == Outcome.DIFFERS ? each.reason().name() : each.outcome().name(),
                each.expected(),
                each.seen(),
                each.source()
              });
        }
      }
    }
    return aligned(rows);
  }

  private String[] reportData() {
    return switch (reportData) {
      case ExpectedReportData.Exactly(var bytes) -> {
        String hex = Hex.of(bytes);
        yield new String[] {"report_data", "HOLDS", hex, hex, "--report-data"};
      }
      case ExpectedReportData.Unchecked(var because) ->
          new String[] {"report_data", "NOT_COMPARED", "anything", "-", because};
    };
  }

  private List<String> notCompared() {
    List<String> open = new ArrayList<>();
    if (reportData instanceof ExpectedReportData.Unchecked) {
      open.add("report_data");
    }
    for (Comparison each : appraisal.comparisons()) {
      if (each.outcome() == Outcome.NOT_COMPARED) {
        open.add(each.claim());
      }
    }
    return open;
  }

  private static List<String> aligned(List<String[]> rows) {
    int[] widths = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row[i]).append(" ".repeat(widths[i] - row[i].length() + 2));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static String line(
      String reason, String claim, String advice, String expected, String seen) {
    return "%s: %s: %s; expected %s, seen %s".formatted(reason, claim, advice, expected, seen);
  }
}
