package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.MeasuredEvent;
import io.parley.identity.Names;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Suggestions;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What every agreement must keep to, whether it comes as bytes, as text or from a constructor. Each
 * rule adds to the problems, so that they are all told at once.
 */
final class Rules {
  static final List<String> EVIDENCE_KINDS =
      List.of("simulated", "tpm2", "sev-snp", "tdx", "nitro");
  static final List<String> ISOLATION_LEVELS = List.of("bwrap", "landlock");

  private static final Pattern TABLE = Pattern.compile("[a-z][a-z0-9_-]{0,62}");
  private static final Pattern TEST = Pattern.compile("[a-z][a-z0-9_]{0,62}");
  private static final Pattern OUTCOME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._ -]{0,63}");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private final Problems problems;

  Rules(Problems problems) {
    this.problems = problems;
  }

  void agreementName(String path, String name) {
    problems.check(
        Names.isLabel(name),
        path,
        "'%s' must be lower-case letters, digits and hyphens, at most %d"
            .formatted(Suggestions.shown(name), Limits.MAX_NAME_CHARS));
  }

  void partyName(String path, String name) {
    if (name.equals(Names.BROKER)) {
      problems.add(path, "'broker' is reserved and cannot be a party's name");
    } else {
      agreementName(path, name);
    }
  }

  /** Of a dataset, result or parameter. */
  void tableName(String path, String name) {
    problems.check(
        TABLE.matcher(name).matches(),
        path,
        "'%s' must start with a lower-case letter, then lower-case letters, digits, _ and -, at most %d"
            .formatted(Suggestions.shown(name), Limits.MAX_NAME_CHARS));
  }

  void columnName(String path, String name) {
    boolean fine =
        !name.isEmpty()
            && name.length() <= Limits.MAX_COLUMN_NAME_CHARS
            && name.equals(name.strip())
            && name.codePoints().noneMatch(Rules::unprintable);
    problems.check(
        fine,
        path,
        "column name '%s' must be 1 to %d characters, without control characters or outer spaces"
            .formatted(Suggestions.shown(name), Limits.MAX_COLUMN_NAME_CHARS));
  }

  private static boolean unprintable(int codePoint) {
    int type = Character.getType(codePoint);
    return Character.isISOControl(codePoint)
        || type == Character.SURROGATE
        || type == Character.UNASSIGNED
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  void size(String path, int size, int least, int most) {
    problems.check(
        size >= least && size <= most,
        path,
        "has %d entries; expected %d to %d".formatted(size, least, most));
  }

  void unique(String path, Collection<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      problems.check(
          seen.add(name), path, "'%s' is there twice".formatted(Suggestions.shown(name)));
    }
  }

  /** SQL's names have no case, so two columns that differ in case only are one. */
  void columns(String path, List<Column> columns) {
    size(path, columns.size(), 1, Limits.MAX_COLUMNS);
    unique(path, columns.stream().map(c -> c.name().toLowerCase(Locale.ROOT)).toList());
  }

  /** Every name must be one of {@code known}, once. */
  void known(String path, String what, List<String> names, Collection<String> known) {
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      problems.check(
          known.contains(name),
          path,
          "'%s' is no %s%s"
              .formatted(Suggestions.shown(name), what, Suggestions.forName(name, known)));
    }
    unique(path, names);
  }

  void maxRows(String path, long maxRows) {
    problems.check(
        maxRows >= 1 && maxRows <= Limits.MAX_ROWS,
        path,
        "is %d; expected 1 to %d".formatted(maxRows, Limits.MAX_ROWS));
  }

  void maxJobs(String path, long maxJobs) {
    problems.check(
        maxJobs >= 1 && maxJobs <= Limits.MAX_JOBS,
        path,
        "is %d; expected 1 to %d".formatted(maxJobs, Limits.MAX_JOBS));
  }

  void expires(String path, Instant expires) {
    problems.check(
        expires.isAfter(Instant.EPOCH) && !expires.isAfter(LAST),
        path,
        "%s is not between 1970 and 9999".formatted(expires));
  }

  void terms(Terms terms) {
    expires("expires", terms.expires());
    maxJobs("max_jobs", terms.maxJobs());
    window("window", terms.window());
  }

  void window(String path, Window window) {
    Instant from = window.notBefore();
    Instant until = window.notAfter();
    if (from != null) {
      expires(path + ".not_before", from);
    }
    if (until != null) {
      expires(path + ".not_after", until);
    }
    problems.check(
        from == null || until == null || from.isBefore(until),
        path,
        "never opens: not_before %s is not before not_after %s".formatted(from, until));
    problems.check(
        window.jobsPerDay() >= 0 && window.jobsPerDay() <= Limits.MAX_JOBS,
        path + ".jobs_per_day",
        "is %d; expected 1 to %d".formatted(window.jobsPerDay(), Limits.MAX_JOBS));
  }

  void evidence(String path, List<String> evidence) {
    size(path, evidence.size(), 1, EVIDENCE_KINDS.size());
    known(path, "kind of evidence", evidence, EVIDENCE_KINDS);
  }

  /** Each kind of hardware has its policy, and no policy is for nothing. */
  void platforms(List<String> evidence, List<PlatformPolicy> platforms) {
    List<String> kinds = platforms.stream().map(PlatformPolicy::kind).toList();
    unique("platforms", kinds);
    for (String kind : PlatformPolicy.KINDS) {
      problems.check(
          !evidence.contains(kind) || kinds.contains(kind),
          kind,
          "is missing; without it any machine of that kind would do");
      problems.check(
          !kinds.contains(kind) || evidence.contains(kind), kind, "is there, but not in evidence");
    }
    for (PlatformPolicy platform : platforms) {
      problems.check(
          !(platform instanceof TpmPolicy tpm)
              || MeasuredEvent.PCRS.stream().noneMatch(tpm.pcrs()::containsKey),
          TpmPolicy.KIND,
          "names PCR 14 or 15, which are always compared with the shim and the app");
    }
  }

  void brokerEvidence(String path, List<PlatformPolicy> policies) {
    unique(path, policies.stream().map(PlatformPolicy::kind).toList());
    for (PlatformPolicy policy : policies) {
      problems.check(
          !(policy instanceof TpmPolicy tpm) || !tpm.pcrs().isEmpty(),
          path + "." + TpmPolicy.KIND,
          "names no PCR, so nothing would be compared");
    }
  }

  void isolation(String path, List<String> isolation) {
    size(path, isolation.size(), 1, ISOLATION_LEVELS.size());
    known(path, "isolation level", isolation, ISOLATION_LEVELS);
  }

  void shim(String path, List<Digest> shim) {
    size(path, shim.size(), 1, Limits.MAX_SHIMS);
    unique(path, shim.stream().map(Digest::toString).toList());
  }

  void tests(String path, Map<String, String> tests) {
    size(path, tests.size(), 1, Limits.MAX_TESTS);
    tests.forEach((name, outcome) -> test(path, name, outcome));
  }

  void test(String path, String name, String outcome) {
    problems.check(
        TEST.matcher(name).matches(),
        path,
        "'%s' is no name of an environment test".formatted(Suggestions.shown(name)));
    problems.check(
        OUTCOME.matcher(outcome).matches(),
        path,
        "'%s' is no outcome of test '%s'; expected for example 'denied' or 'passed'"
            .formatted(Suggestions.shown(outcome), Suggestions.shown(name)));
  }

  void fixedValue(String path, String value) {
    problems.check(
        value.getBytes(StandardCharsets.UTF_8).length <= Limits.MAX_VALUE_BYTES
            && value.indexOf('\0') < 0
            && value.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE),
        path,
        "value must be Unicode text of at most %d bytes, without NUL"
            .formatted(Limits.MAX_VALUE_BYTES));
  }

  /** Grants are for columns that are there. */
  void usage(List<String> columns, Usage usage) {
    known("usage.join", "column of it", usage.join(), columns);
    known("usage.group", "column of it", usage.group(), columns);
    known("usage.filter", "column of it", usage.filter(), columns);
    known("usage.list", "column of it", usage.list(), columns);
    known(
        "usage.aggregate",
        "column of it",
        usage.aggregate().keySet().stream().filter(c -> !c.equals(Usage.ROWS)).toList(),
        columns);
    problems.check(
        usage.identity().isEmpty() || columns.contains(usage.identity()),
        "identity",
        "'%s' is no column of it%s"
            .formatted(
                Suggestions.shown(usage.identity()),
                Suggestions.forName(usage.identity(), columns)));
  }

  /** Conditions that need each other. */
  void conditions(
      Queries queries,
      List<Dataset> datasets,
      List<ResultRule> results,
      List<Parameter> parameters) {
    boolean identities = datasets.stream().anyMatch(d -> d.usage().hasIdentity());
    for (ResultRule result : results) {
      problems.check(
          result.shape().minGroup() == 0 || identities,
          "results." + result.name() + ".min_group",
          "counts identities, and no dataset names its 'identity' column");
      boolean asks =
          queries == Queries.WITHIN_RULES
              || parameters.stream().anyMatch(Parameter.Free.class::isInstance);
      problems.check(
          !asks || result.shape().minGroup() <= Limits.MAX_COMPARED_GROUP,
          "results." + result.name() + ".min_group",
          "is %d; where jobs write the query or set parameters, answers are compared, for a min_group of at most %d"
              .formatted(result.shape().minGroup(), Limits.MAX_COMPARED_GROUP));
      problems.check(
          queries == Queries.FIXED
              || result.shape().rounding().isEmpty()
              || result.shape().rounding().keySet().equals(Set.of(Rounding.ALL)),
          "results." + result.name() + ".rounding",
          "must be '*' alone where jobs write the query: a job could name its columns otherwise");
    }
    boolean free =
        parameters.stream()
            .anyMatch(p -> p.name().equals(Queries.PARAMETER) && p instanceof Parameter.Free);
    boolean text = parameters.contains(new Parameter.Free(Queries.PARAMETER, ColumnType.VARCHAR));
    boolean conditions =
        datasets.stream().anyMatch(d -> d.usage().isStated())
            || results.stream().anyMatch(r -> r.shape().minGroup() > 0);
    problems.check(
        queries == Queries.FIXED || text,
        "queries",
        "is within_rules; that needs 'query: {type: VARCHAR}' in params, for jobs to set");
    problems.check(
        queries == Queries.WITHIN_RULES || !free || !conditions,
        "queries",
        "is fixed, and params let each job set 'query'; give it a value, or say 'queries: within_rules'");
  }

  /** What only the whole can tell: names that must be names of something else here. */
  void references(
      List<String> parties,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> results) {
    for (Dataset dataset : datasets) {
      String path = "datasets." + dataset.name();
      known(path + ".owner", "party of this agreement", List.of(dataset.owner()), parties);
      known(path + ".released_to", "party of this agreement", dataset.releasedTo(), parties);
    }
    known("compute", "party of this agreement", compute, parties);
    for (String party : compute) {
      for (Dataset dataset : datasets) {
        problems.check(
            dataset.owner().equals(party) || dataset.releasedTo().contains(party),
            "compute",
            "'%s' would compute on dataset '%s', which is not released to it; add it to datasets.%s.released_to"
                .formatted(party, dataset.name(), dataset.name()));
      }
    }
    for (ResultRule result : results) {
      known(
          "results." + result.name() + ".recipients",
          "party of this agreement",
          result.recipients(),
          parties);
    }
  }
}
