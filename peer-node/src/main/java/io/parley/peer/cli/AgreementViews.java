package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.AgreementRecord;
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
  static final String SIMULATED_WARNING =
      "WARNING: it accepts SIMULATED evidence, which protects against nobody who owns a host.";

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
    terms.put("shim", a.environment().shim().stream().map(Object::toString).toList());
    terms.put("isolation", a.environment().isolation());
    terms.put(
        "tests",
        a.environment().tests().entrySet().stream()
            .map(t -> t.getKey() + "=" + t.getValue())
            .toList());
    terms.put("changes", a.changes().text());
    terms.put("expires", a.expires());
    terms.put("max_jobs", a.maxJobs());
    terms.put("signed_by", List.copyOf(signed.signedBy()));
    terms.put("missing", List.copyOf(signed.missing()));
    return terms;
  }

  static Map<String, @Nullable Object> record(AgreementRecord record, SignedAgreement signed) {
    Map<String, @Nullable Object> fields = terms(signed);
    fields.put("state", state(record));
    fields.put("jobs_started", record.getJobsStarted());
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
    List<String> warnings = new ArrayList<>();
    if (agreement.environment().evidence().contains("simulated")) {
      warnings.add(SIMULATED_WARNING);
    }
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
