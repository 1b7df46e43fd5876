package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.Budget;
import io.parley.agreement.Chain;
import io.parley.agreement.Column;
import io.parley.agreement.ComparedDatasets;
import io.parley.agreement.Dataset;
import io.parley.agreement.Keep;
import io.parley.agreement.Parameter;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Shape;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Usage;
import io.parley.agreement.Window;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.BudgetUse;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How an agreement is shown: everything that a signature covers, and how far it has come. */
final class AgreementViews {
  private static final String STATE_PREFIX = "AGREEMENT_STATE_";

  private AgreementViews() {}

  static Map<String, @Nullable Object> terms(SignedAgreement signed) {
    Agreement a = signed.agreement();
    Map<String, @Nullable Object> terms = new LinkedHashMap<>();
    terms.put("agreement", a.name());
    terms.put("digest", signed.digest().toString());
    terms.put("parties", List.copyOf(a.partyNames()));
    terms.put("broker", a.broker().toString());
    Chain chain = a.chain();
    if (chain == null) {
      terms.put("app", a.app().toString());
    } else {
      terms.put("chain", a.app().toString());
      ChainViews.steps(chain, a, terms);
    }
    for (Dataset dataset : a.datasets()) {
      terms.put("dataset " + dataset.name(), dataset(dataset) + ChainViews.readers(chain, dataset));
    }
    askingAgain(a, terms);
    if (!a.gateOwners().isEmpty()) {
      terms.put(
          "verification gates of",
          a.gates().stream()
              .map(gate ->
                  gate.ofStep()
                      ? "%s before %s".formatted(gate.owner(), gate.step())
                      : gate.owner())
              .toList());
    }
    terms.put("compute", a.compute());
    for (ResultRule result : a.results()) {
      terms.put(
          "result " + result.name(),
          "to "
              + String.join(", ", result.recipients())
              + "; at most "
              + result.maxRows()
              + " rows"
              + shape(result.shape())
              + keep(result.keep()));
    }
    for (Parameter parameter : a.parameters()) {
      terms.put("parameter " + parameter.name(), parameter(parameter));
    }
    if (a.queries() != Queries.FIXED) {
      terms.put("queries", a.queries().text() + ": each job writes its own");
    }
    terms.put("evidence", a.environment().evidence());
    for (PlatformPolicy policy : a.environment().platforms()) {
      terms.put("evidence " + policy.kind(), PlatformYaml.write(policy));
    }
    for (PlatformPolicy policy : a.brokerEvidence()) {
      terms.put("broker evidence " + policy.kind(), PlatformYaml.write(policy));
    }
    terms.put("shim", a.environment().shim().stream().map(Object::toString).toList());
    terms.put("isolation", a.environment().isolation());
    terms.put(
        "tests",
        a.environment().tests().entrySet().stream()
            .map(t -> t.getKey() + "=" + t.getValue())
            .toList());
    terms.put("changes", a.changes().text());
    if (a.terms().parent() != null) {
      terms.put("parent", a.terms().parent().toString());
    }
    terms.put("expires", a.expires());
    terms.put("max_jobs", a.maxJobs());
    window(a.terms().window(), terms);
    terms.put("signed_by", List.copyOf(signed.signedBy()));
    terms.put("missing", List.copyOf(signed.missing()));
    return terms;
  }

  private static void askingAgain(Agreement a, Map<String, @Nullable Object> terms) {
    for (Dataset dataset : a.datasets()) {
      if (!dataset.budget().isUnlimited()) {
        terms.put(
            "budget of " + dataset.name(),
            "%d queries in any %s"
                .formatted(dataset.budget().queries(), dataset.budget().perText()));
      }
    }
    ComparedDatasets.of(a)
        .forEach((dataset, smallest) ->
            terms.put(
                "answers over " + dataset,
                "compared: two that differ by fewer than %d identities are not both given"
                    .formatted(smallest)));
  }

  private static void window(Window window, Map<String, @Nullable Object> terms) {
    if (window.notBefore() != null) {
      terms.put("not_before", window.notBefore());
    }
    if (window.notAfter() != null) {
      terms.put("not_after", window.notAfter());
    }
    if (window.jobsPerDay() > 0) {
      terms.put("jobs_per_day", window.jobsPerDay());
    }
  }

  static Map<String, @Nullable Object> record(AgreementRecord record, SignedAgreement signed) {
    Map<String, @Nullable Object> fields = terms(signed);
    fields.put("state", state(record));
    fields.put("jobs_started", record.getJobsStarted());
    fields.put("jobs_left", Math.max(0, signed.agreement().maxJobs() - record.getJobsStarted()));
    int perDay = signed.agreement().terms().window().jobsPerDay();
    if (perDay > 0) {
      fields.put("jobs_left_today", Math.max(0, perDay - record.getJobsStartedToday()));
    }
    for (BudgetUse use : record.getBudgetsList()) {
      Budget budget = signed.agreement().dataset(use.getDataset()).budget();
      fields.put(
          "budget used of " + use.getDataset(),
          "%d of %d queries used in the last %s%s"
              .formatted(
                  use.getUsed(),
                  budget.queries(),
                  budget.perText(),
                  use.hasNextAt()
                      ? "; the next is possible at "
                          + Instant.ofEpochSecond(
                              use.getNextAt().getSeconds(), use.getNextAt().getNanos())
                      : ""));
    }
    if (!record.getRefusedNow().isEmpty()) {
      fields.put("refused_now", record.getRefusedNow());
    }
    if (!record.getSupersededBy().isEmpty()) {
      fields.put("superseded_by", new Digest(record.getSupersededBy()).toString());
    }
    if (!record.getShreddedBy().isEmpty()) {
      fields.put("shredded_by", record.getShreddedBy());
    }
    if (!record.getHaltedBy().isEmpty()) {
      fields.put("halted_by", record.getHaltedBy());
      fields.put("resume_asked_by", List.copyOf(record.getResumeAskedByList()));
    }
    return fields;
  }

  static List<@Nullable Object> row(AgreementRecord record, SignedAgreement signed) {
    return Arrays.asList(
        signed.digest().toString(),
        signed.agreement().name(),
        state(record),
        List.copyOf(signed.agreement().partyNames()),
        List.copyOf(signed.missing()),
        record.getJobsStarted() + "/" + signed.agreement().maxJobs(),
        signed.agreement().expires());
  }

  static String state(AgreementRecord record) {
    String name = record.getState().name();
    return name.startsWith(STATE_PREFIX) ? name.substring(STATE_PREFIX.length()) : name;
  }

  /** What somebody who is about to sign must not overlook. */
  static List<String> warnings(Agreement agreement) {
    List<String> warnings = new ArrayList<>(Stamps.warnings(agreement));
    if (!agreement.environment().isolation().equals(List.of("bwrap"))) {
      warnings.add(
          "WARNING: it accepts isolation "
              + agreement.environment().isolation()
              + ", weaker than bwrap.");
    }
    for (ResultRule result : agreement.results()) {
      if (agreement.queries() == Queries.WITHIN_RULES && result.shape().minGroup() == 0) {
        warnings.add(
            "WARNING: jobs write the query, and result '%s' has no min_group: a group may be one person."
                .formatted(result.name()));
      }
    }
    return warnings;
  }

  private static String dataset(Dataset dataset) {
    String columns =
        dataset.columns().stream().map(AgreementViews::column).collect(Collectors.joining(", "));
    String released =
        dataset.releasedTo().isEmpty()
            ? "stays there"
            : "released to enclaves of " + String.join(", ", dataset.releasedTo());
    return "of " + dataset.owner() + " (" + columns + "); " + released + usage(dataset.usage());
  }

  private static String usage(Usage usage) {
    StringBuilder text = new StringBuilder();
    if (usage.hasIdentity()) {
      text.append("; identity ").append(usage.identity());
    }
    if (!usage.isStated()) {
      return text.toString();
    }
    text.append("; to be used only:");
    use(text, "join", usage.join());
    use(text, "group", usage.group());
    use(
        text,
        "aggregate",
        usage.aggregate().entrySet().stream()
            .map(e -> e.getKey() + " by " + String.join(", ", e.getValue()))
            .toList());
    use(text, "filter", usage.filter());
    use(text, "list", usage.list());
    return text.toString();
  }

  private static void use(StringBuilder text, String how, List<String> columns) {
    if (!columns.isEmpty()) {
      text.append(' ').append(how).append(" (").append(String.join("; ", columns)).append(')');
    }
  }

  private static String shape(Shape shape) {
    StringBuilder text = new StringBuilder();
    if (shape.minGroup() > 0) {
      text.append("; only groups of at least ").append(shape.minGroup()).append(" identities");
    }
    shape
        .rounding()
        .forEach((column, step) ->
            text.append("; ").append(column).append(" in multiples of ").append(step.text()));
    if (!shape.schema().isEmpty()) {
      text.append("; columns ")
          .append(
              shape.schema().stream()
                  .map(AgreementViews::column)
                  .collect(Collectors.joining(", ")));
    }
    return text.toString();
  }

  private static String keep(Keep keep) {
    return switch (keep) {
      case Keep.AsNode() -> "";
      case Keep.UntilRead() -> "; deleted once it has been read";
      case Keep.AtMost atMost -> "; deleted after " + atMost.text();
    };
  }

  static String column(Column column) {
    return column.name() + " " + column.type().sql() + (column.nullable() ? "" : " NOT NULL");
  }

  private static String parameter(Parameter parameter) {
    return switch (parameter) {
      case Parameter.Fixed fixed -> "fixed: " + fixed.value().strip();
      case Parameter.Free free -> "set by each job, a " + free.type().sql();
    };
  }
}
