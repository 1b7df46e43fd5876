package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.seal.HpkeSuite;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlNode.Mapping;
import io.parley.yaml.YamlSection;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** One text to one draft. Every problem is collected; the draft is made when there is none. */
final class AgreementYamlReader {
  /** Conditions that are known under another name, or stand elsewhere. */
  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "counters",
          "'counters' is no key; expected max_jobs or window.jobs_per_day for the agreement, or budget for a dataset",
          "keep",
          "'keep' is for results: it stands in results.NAME. What a step of a chain hands on is always wiped, and datasets stay with their owners");

  private final YamlFile file;
  private final Problems problems;
  private final Rules rules;
  private final ColumnSections columns;

  AgreementYamlReader(String text, String fileName) {
    file = YamlFile.read(text, fileName, AgreementYamlReader::refusal);
    problems = file.problems();
    rules = new Rules(problems);
    columns = new ColumnSections(problems);
  }

  private static @Nullable String refusal(String key) {
    return ELSEWHERE.get(key);
  }

  AgreementDraft read() {
    @Nullable AgreementDraft draft = draft(file.rootOrThrow(Reason.INVALID_AGREEMENT));
    file.throwIfAny(Reason.INVALID_AGREEMENT);
    return present(draft);
  }

  private @Nullable AgreementDraft draft(YamlSection top) {
    top.only(
        "agreement",
        "parties",
        "broker",
        "app",
        "chain",
        "datasets",
        "compute",
        "results",
        "environment",
        "params",
        "queries",
        "changes",
        "parent",
        "expires",
        "max_jobs",
        "window");
    @Nullable String name = top.text("agreement", "a name");
    @Nullable List<String> parties = top.texts("parties", "party names", false);
    @Nullable YamlSection broker =
        top.find("broker") instanceof Mapping ? top.section("broker") : null;
    @Nullable Digest brokerKey =
        broker == null ? digestOrLocal(top, "broker") : digestOrLocal(broker, "key");
    List<PlatformPolicy> brokerEvidence = broker == null ? List.of() : brokerEvidence(broker);
    @Nullable YamlNode chained = top.find("chain");
    @Nullable String app = chained == null ? app(top) : null;
    List<Dataset> datasets = named(top, "datasets", this::dataset);
    @Nullable List<String> compute = top.texts("compute", "party names", false);
    List<ResultRule> results = named(top, "results", this::result);
    @Nullable EnvironmentDraft environment = environment(top);
    List<Parameter> parameters =
        top.find("params") == null ? List.of() : named(top, "params", this::parameter);
    Queries queries = UsageSections.queries(problems, top);
    @Nullable ChangeRule changes = changes(top);
    @Nullable Instant expires = instant(top, "expires");
    @Nullable Long maxJobs = top.number("max_jobs");
    @Nullable Digest parent = top.find("parent") == null ? null : digestOrLocal(top, "parent");
    Window window = top.find("window") == null ? Window.ALWAYS : window(top);
    @Nullable ChainDraft chain =
        chained == null ? notChained(top) : chain(top, datasets, results, parameters);
    checkWhole(name, parties, datasets, compute, results, expires, maxJobs, parameters);
    rules.window("window", window);
    rules.conditions(queries, datasets, results, parameters);
    if (chained != null) {
      AgreementRules.queriesOfChain(problems, queries);
    }
    if (problems.count() > 0) {
      return null;
    }
    return new AgreementDraft(
        present(name),
        present(parties),
        brokerKey,
        app,
        chain,
        datasets,
        present(compute),
        results,
        present(environment),
        new Terms(
            present(changes), parent, present(expires), Math.toIntExact(present(maxJobs)), window),
        parameters,
        brokerEvidence,
        queries);
  }

  private List<PlatformPolicy> brokerEvidence(YamlSection broker) {
    broker.only("key", "evidence");
    @Nullable YamlNode unused = broker.require("key", "a digest, or local");
    return PlatformSections.ofBroker(problems, broker);
  }

  private static <T> T present(@Nullable T part) {
    if (part == null) {
      throw new BugException("a part is missing, and no problem says so");
    }
    return part;
  }

  /** The rules over the whole, with what could be read; a part that is missing was told already. */
  private void checkWhole(
      @Nullable String name,
      @Nullable List<String> parties,
      List<Dataset> datasets,
      @Nullable List<String> compute,
      List<ResultRule> results,
      @Nullable Instant expires,
      @Nullable Long maxJobs,
      List<Parameter> parameters) {
    if (name != null) {
      rules.agreementName("agreement", name);
    }
    if (parties != null) {
      rules.size("parties", parties.size(), 1, Limits.MAX_PARTIES);
      parties.forEach(party -> rules.partyName("parties", party));
      rules.unique("parties", parties);
      rules.references(parties, datasets, compute == null ? List.of() : compute, results);
    }
    if (compute != null) {
      rules.size("compute", compute.size(), 1, Limits.MAX_PARTIES);
    }
    rules.size("datasets", datasets.size(), 0, Limits.MAX_DATASETS);
    rules.size("results", results.size(), 0, Limits.MAX_RESULTS);
    rules.size("params", parameters.size(), 0, Limits.MAX_PARAMETERS);
    if (expires != null) {
      rules.expires("expires", expires);
    }
    if (maxJobs != null) {
      rules.maxJobs("max_jobs", maxJobs);
    }
  }

  /** The entries of a mapping from names to things; one that is wrong is left out. */
  private <T> List<T> named(
      YamlSection top, String key, BiFunction<YamlSection, Entry, @Nullable T> read) {
    @Nullable YamlSection section = top.section(key);
    List<T> things = new ArrayList<>();
    if (section == null) {
      return things;
    }
    if (section.entries().isEmpty() && !key.equals("params")) {
      problems.add(section.path("").replaceFirst("\\.$", ""), "is empty, so nothing is allowed");
    }
    for (Entry entry : section.entries()) {
      rules.tableName(section.path(entry.key()), entry.key());
      int before = problems.count();
      @Nullable T thing = read.apply(section, entry);
      if (thing != null && problems.count() == before) {
        things.add(thing);
      }
    }
    return things;
  }

  private @Nullable Dataset dataset(YamlSection datasets, Entry entry) {
    @Nullable YamlSection section = datasets.section(entry);
    if (section == null) {
      return null;
    }
    section.only(
        "owner", "columns", "released_to", "read_by", "identity", "usage", "budget", "gate");
    @Nullable String owner = section.text("owner", "a party's name");
    List<String> releasedTo = section.textsOrNone("released_to", "party names");
    List<Column> columns = this.columns.of(section, "columns");
    Usage usage = UsageSections.usage(problems, section);
    Budget budget = UsageSections.budget(problems, section);
    GateRule gate = gate(section);
    // With a column left out, the record would stand for something that nobody wrote.
    return owner == null || columns.isEmpty()
        ? null
        : attempt(
            section.path(""),
            () -> new Dataset(entry.key(), owner, columns, releasedTo, usage, budget, gate));
  }

  private static GateRule gate(YamlSection dataset) {
    return dataset.value(
        "gate",
        GateRule.NONE,
        text -> {
          for (GateRule rule : GateRule.values()) {
            if (rule.text().equals(text)) {
              return rule;
            }
          }
          throw new IllegalArgumentException(
              "'%s' is not none or required".formatted(Suggestions.shown(text)));
        });
  }

  private <T> @Nullable T attempt(String path, java.util.function.Supplier<T> make) {
    return columns.attempt(path, make);
  }

  /** Permission for steps means nothing where there are none, and must not look as if it did. */
  private @Nullable ChainDraft notChained(YamlSection top) {
    @Nullable YamlSection datasets =
        top.find("datasets") instanceof Mapping ? top.section("datasets") : null;
    if (datasets != null) {
      datasets.entries().forEach(entry -> requireNoSteps(datasets, entry));
    }
    return null;
  }

  private void requireNoSteps(YamlSection datasets, Entry entry) {
    if (entry.value() instanceof Mapping mapping) {
      problems.check(
          mapping.entries().stream().noneMatch(e -> e.key().equals("read_by")),
          datasets.path(entry.key()) + ".read_by",
          "is for the steps of a chain, and there is one app");
    }
  }

  private @Nullable ChainDraft chain(
      YamlSection top, List<Dataset> datasets, List<ResultRule> results, List<Parameter> params) {
    problems.check(
        top.find("app") == null, "app", "is there beside a chain, whose steps name their apps");
    // What was left out would seem to be missing.
    boolean whole =
        datasets.size() == entries(top, "datasets")
            && results.size() == entries(top, "results")
            && params.size() == entries(top, "params");
    return new ChainYamlReader(problems, columns)
        .read(top, whole ? new ChainRules.Around(datasets, results, params) : null);
  }

  private static int entries(YamlSection top, String key) {
    return top.find(key) instanceof Mapping mapping ? mapping.entries().size() : 0;
  }

  private @Nullable ResultRule result(YamlSection results, Entry entry) {
    @Nullable YamlSection section = results.section(entry);
    if (section == null) {
      return null;
    }
    section.only("recipients", "max_rows", "min_group", "rounding", "schema", "keep");
    @Nullable List<String> recipients = section.texts("recipients", "party names", false);
    @Nullable Long maxRows = section.number("max_rows");
    List<Column> schema =
        section.find("schema") == null ? List.of() : columns.of(section, "schema");
    Shape shape = UsageSections.shape(problems, section, schema);
    Keep keep = section.value("keep", Keep.AS_NODE, Keep::parse);
    return recipients == null || maxRows == null
        ? null
        : attempt(
            section.path(""), () -> new ResultRule(entry.key(), recipients, maxRows, shape, keep));
  }

  private @Nullable Parameter parameter(YamlSection params, Entry entry) {
    @Nullable YamlSection section = params.section(entry);
    if (section == null) {
      return null;
    }
    section.only("value", "type");
    boolean fixed = section.find("value") != null;
    if (fixed == (section.find("type") != null)) {
      problems.add(
          params.path(entry.key()), "needs either 'value' (fixed) or 'type' (set by each job)");
      return null;
    }
    @Nullable String text = fixed ? section.text("value", "text") : section.text("type", "a type");
    if (text == null) {
      return null;
    }
    return attempt(
        params.path(entry.key()),
        () ->
            fixed
                ? new Parameter.Fixed(entry.key(), text)
                : new Parameter.Free(entry.key(), ColumnType.parse(text)));
  }

  private @Nullable EnvironmentDraft environment(YamlSection top) {
    @Nullable YamlSection section = top.section("environment");
    if (section == null) {
      return null;
    }
    section.only(
        "evidence", "shim", "tests", "isolation", "hpke", "sev-snp", "tdx", "nitro", "tpm2");
    @Nullable List<String> evidence = section.texts("evidence", "kinds of evidence", false);
    List<PlatformPolicy> platforms = PlatformSections.ofEnclaves(problems, section, evidence);
    List<Digest> shim = shim(section);
    @Nullable Map<String, String> tests = tests(section);
    List<String> isolation =
        section.find("isolation") == null
            ? List.of("bwrap")
            : section.textsOrNone("isolation", "isolation levels");
    if (evidence != null) {
      rules.evidence("environment.evidence", evidence);
    }
    rules.isolation("environment.isolation", isolation);
    return evidence == null || tests == null
        ? null
        : new EnvironmentDraft(evidence, platforms, shim, tests, isolation, hpke(section));
  }

  private static HpkeSuite hpke(YamlSection section) {
    return section.value(
        "hpke",
        HpkeSuite.XWING,
        text ->
            switch (text) {
              case "xwing" -> HpkeSuite.XWING;
              case "x25519" -> HpkeSuite.X25519;
              default ->
                  throw new IllegalArgumentException(
                      "'%s' is not xwing or x25519".formatted(Suggestions.shown(text)));
            });
  }

  private Window window(YamlSection top) {
    @Nullable YamlSection section = top.section("window");
    if (section == null) {
      return Window.ALWAYS;
    }
    section.only("not_before", "not_after", "jobs_per_day");
    if (section.entries().isEmpty()) {
      problems.add("window", "is empty; expected not_before, not_after or jobs_per_day");
    }
    @Nullable Long perDay =
        section.find("jobs_per_day") == null ? null : section.number("jobs_per_day");
    problems.check(
        perDay == null || perDay >= 1 && perDay <= Limits.MAX_JOBS,
        "window.jobs_per_day",
        "is %s; expected 1 to %d".formatted(perDay, Limits.MAX_JOBS));
    return new Window(
        section.find("not_before") == null ? null : instant(section, "not_before"),
        section.find("not_after") == null ? null : instant(section, "not_after"),
        perDay == null ? 0 : Math.clamp(perDay, 0, Limits.MAX_JOBS));
  }

  /** Empty stands for the local shim. */
  private List<Digest> shim(YamlSection section) {
    @Nullable YamlNode node = section.find("shim");
    if (node == null || isLocal(node)) {
      return List.of();
    }
    @Nullable List<String> texts = section.texts("shim", "digests", true);
    List<Digest> digests = new ArrayList<>();
    for (String text : texts == null ? List.<String>of() : texts) {
      @Nullable Digest digest = attempt("environment.shim", () -> Digest.parse(text));
      if (digest != null) {
        digests.add(digest);
      }
    }
    if (texts != null) {
      rules.size("environment.shim", texts.size(), 1, Limits.MAX_SHIMS);
      rules.unique("environment.shim", texts);
    }
    return digests;
  }

  private static boolean isLocal(YamlNode node) {
    return node instanceof YamlNode.Scalar scalar && scalar.text().equals(AgreementYaml.LOCAL);
  }

  private @Nullable Map<String, String> tests(YamlSection section) {
    @Nullable YamlNode node =
        section.require("tests", "'strict', or the outcome that each test must have");
    if (node instanceof YamlNode.Scalar scalar) {
      if (scalar.text().equals(AgreementYaml.STRICT)) {
        return Environment.STRICT_TESTS;
      }
      problems.add(
          "environment.tests",
          "is '%s'; expected 'strict', or a mapping of tests to outcomes"
              .formatted(Suggestions.shown(scalar.text())));
      return null;
    }
    @Nullable Map<String, String> tests = node == null ? null : section.textMap("tests");
    if (tests != null) {
      rules.size("environment.tests", tests.size(), 1, Limits.MAX_TESTS);
      tests.forEach((name, outcome) -> rules.test("environment.tests." + name, name, outcome));
    }
    return tests;
  }

  private @Nullable Digest digestOrLocal(YamlSection top, String key) {
    @Nullable YamlNode node = top.find(key);
    if (node == null || isLocal(node)) {
      return null;
    }
    @Nullable String digest = top.text(key, "a digest, or local");
    return digest == null ? null : attempt(top.path(key), () -> Digest.parse(digest));
  }

  private @Nullable String app(YamlSection top) {
    @Nullable String app = top.text("app", "a digest, or the name of an app that is known here");
    if (app == null) {
      return null;
    }
    if (app.startsWith("sha256:")) {
      attempt("app", () -> Digest.parse(app));
    } else {
      rules.tableName("app", app);
    }
    return app;
  }

  private @Nullable ChangeRule changes(YamlSection top) {
    @Nullable String text = top.text("changes", "never or unanimous");
    if (text == null) {
      return null;
    }
    for (ChangeRule rule : ChangeRule.values()) {
      if (rule.text().equals(text)) {
        return rule;
      }
    }
    problems.add(
        "changes",
        "is '%s'%s"
            .formatted(
                Suggestions.shown(text), Suggestions.forName(text, List.of("never", "unanimous"))));
    return null;
  }

  private @Nullable Instant instant(YamlSection section, String key) {
    @Nullable String text =
        section.text(key, "a date such as 2027-06-30, or an instant such as 2027-06-30T12:00:00Z");
    if (text == null) {
      return null;
    }
    try {
      return text.length() == "2027-06-30".length()
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
          : Instant.parse(text);
    } catch (DateTimeException e) {
      problems.add(
          section.path(key),
          "'%s' is neither a date such as 2027-06-30 (its first moment, UTC) nor an instant such as 2027-06-30T12:00:00Z"
              .formatted(Suggestions.shown(text)));
      return null;
    }
  }
}
