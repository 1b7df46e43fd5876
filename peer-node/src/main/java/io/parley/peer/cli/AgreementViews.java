package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Window;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.wire.Digest;
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
    terms.put("app", a.app().toString());
    for (Dataset dataset : a.datasets()) {
      terms.put("dataset " + dataset.name(), dataset(dataset));
    }
    terms.put("compute", a.compute());
    for (ResultRule result : a.results()) {
      terms.put(
          "result " + result.name(),
          "to "
              + String.join(", ", result.recipients())
              + "; at most "
              + result.maxRows()
              + " rows");
    }
    for (Parameter parameter : a.parameters()) {
      terms.put("parameter " + parameter.name(), parameter(parameter));
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
    return warnings;
  }

  private static String dataset(Dataset dataset) {
    String columns =
        dataset.columns().stream().map(AgreementViews::column).collect(Collectors.joining(", "));
    String released =
        dataset.releasedTo().isEmpty()
            ? "stays there"
            : "released to enclaves of " + String.join(", ", dataset.releasedTo());
    return "of " + dataset.owner() + " (" + columns + "); " + released;
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
