package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.wire.Digest;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One agreement to text that reads back as the same agreement. */
final class AgreementYamlWriter {
  // Only what no YAML reader takes for anything but text stays bare.
  private static final Pattern BARE = Pattern.compile("[a-z][a-z0-9_-]*");
  private static final List<String> WORDS =
      List.of("true", "false", "null", "yes", "no", "on", "off", "y", "n");

  private final Agreement agreement;
  private final StringBuilder out = new StringBuilder();

  AgreementYamlWriter(Agreement agreement) {
    this.agreement = agreement;
  }

  String write() {
    line("# digest " + AgreementCodec.digest(agreement));
    line("agreement: " + quoted(agreement.name()));
    line("parties: " + list(agreement.parties().stream().map(Party::name).toList()));
    agreement.parties().forEach(this::keys);
    broker();
    Chain chain = agreement.chain();
    if (chain == null) {
      line("app: " + agreement.app());
    } else {
      line("# the chain's digest, which evidence names, is " + agreement.app());
      ChainYamlWriter.write(chain).forEach(this::line);
    }
    line("datasets:");
    agreement.datasets().forEach(this::dataset);
    line("compute: " + list(agreement.compute()));
    line("results:");
    agreement.results().forEach(this::result);
    environment(agreement.environment());
    if (!agreement.parameters().isEmpty()) {
      line("params:");
      agreement.parameters().forEach(this::parameter);
    }
    if (agreement.queries() != Queries.FIXED) {
      line("queries: " + agreement.queries().text());
    }
    line("changes: " + agreement.changes().text());
    line("expires: " + agreement.expires());
    line("max_jobs: " + agreement.maxJobs());
    terms(agreement.terms());
    return out.toString();
  }

  private void broker() {
    if (agreement.brokerEvidence().isEmpty()) {
      line("broker: " + agreement.broker());
      return;
    }
    line("broker:");
    line("  key: " + agreement.broker());
    line("  evidence:");
    agreement.brokerEvidence().forEach(policy -> platform("    ", policy));
  }

  private void platform(String indent, PlatformPolicy policy) {
    line(indent + policy.kind() + ":");
    PlatformYaml.write(policy).forEach(text -> line(indent + "  " + text));
  }

  private void terms(Terms terms) {
    if (terms.parent() != null) {
      line("parent: " + terms.parent());
    }
    Window window = terms.window();
    if (window.isAlways()) {
      return;
    }
    line("window:");
    if (window.notBefore() != null) {
      line("  not_before: " + window.notBefore());
    }
    if (window.notAfter() != null) {
      line("  not_after: " + window.notAfter());
    }
    if (window.jobsPerDay() > 0) {
      line("  jobs_per_day: " + window.jobsPerDay());
    }
  }

  private void line(String text) {
    out.append(text).append('\n');
  }

  private void keys(Party party) {
    line("# %s signs with      %s".formatted(party.name(), party.signingKey()));
    line(
        "# %s opens with      %s %s"
            .formatted(
                party.name(), party.resultKey().suite(), Digest.of(party.resultKey().key())));
    line("# %s simulates with  %s".formatted(party.name(), party.simulatedPlatformKey()));
    line("# %s witnesses with  %s".formatted(party.name(), party.witnessKey()));
  }

  private void dataset(Dataset dataset) {
    line("  %s:".formatted(quoted(dataset.name())));
    line("    owner: " + quoted(dataset.owner()));
    line("    columns:");
    dataset.columns().forEach(column -> line("      " + column(column)));
    line("    released_to: " + list(dataset.releasedTo()));
    UsageSections.lines(dataset.usage()).forEach(text -> line("    " + text));
    if (!dataset.budget().isUnlimited()) {
      line(
          "    budget: {queries: %d, per: %s}"
              .formatted(dataset.budget().queries(), quoted(dataset.budget().perText())));
    }
    if (dataset.gate() != GateRule.NONE) {
      line("    gate: " + dataset.gate().text());
    }
    Chain chain = agreement.chain();
    if (chain != null) {
      chain.grants().stream()
          .filter(grant -> grant.dataset().equals(dataset.name()))
          .forEach(grant -> line("    read_by: " + list(grant.steps())));
    }
  }

  static String column(Column column) {
    return "%s: %s%s"
        .formatted(
            quoted(column.name()), column.type().sql(), column.nullable() ? "" : " NOT NULL");
  }

  private void result(ResultRule result) {
    line("  %s:".formatted(quoted(result.name())));
    line("    recipients: " + list(result.recipients()));
    line("    max_rows: " + result.maxRows());
    UsageSections.lines(result.shape()).forEach(text -> line("    " + text));
    if (!result.keep().text().isEmpty()) {
      line("    keep: " + result.keep().text());
    }
  }

  private void environment(Environment environment) {
    line("environment:");
    line("  evidence: " + list(environment.evidence()));
    line(
        "  shim: [%s]"
            .formatted(
                environment.shim().stream()
                    .map(Digest::toString)
                    .collect(Collectors.joining(", "))));
    line("  tests:");
    environment
        .tests()
        .forEach((name, outcome) -> line("    %s: %s".formatted(quoted(name), quoted(outcome))));
    line("  isolation: " + list(environment.isolation()));
    environment.platforms().forEach(policy -> platform("  ", policy));
    line("  hpke: " + environment.hpke().name().toLowerCase(Locale.ROOT));
  }

  private void parameter(Parameter parameter) {
    switch (parameter) {
      case Parameter.Fixed fixed -> {
        line("  %s:".formatted(quoted(fixed.name())));
        line("    value: " + quoted(fixed.value()));
      }
      case Parameter.Free free ->
          line("  %s: {type: '%s'}".formatted(quoted(free.name()), free.type().sql()));
    }
  }

  static String list(List<String> texts) {
    return texts.stream()
        .map(AgreementYamlWriter::quoted)
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /** Bare where that is safe; otherwise double-quoted with everything unusual escaped. */
  static String quoted(String text) {
    if (BARE.matcher(text).matches() && !WORDS.contains(text)) {
      return text;
    }
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints().forEach(c -> quoted.append(escaped(c)));
    return quoted.append('"').toString();
  }

  private static String escaped(int codePoint) {
    return switch (codePoint) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\t' -> "\\t";
      default -> {
        boolean plain =
            codePoint >= ' ' && codePoint < 0x7f || Character.isLetterOrDigit(codePoint);
        yield plain && codePoint <= 0xffff
            ? Character.toString(codePoint)
            : "\\U%08x".formatted(codePoint);
      }
    };
  }
}
