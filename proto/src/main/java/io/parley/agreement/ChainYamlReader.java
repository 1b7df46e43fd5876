package io.parley.agreement;

import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlNode.Mapping;
import io.parley.yaml.YamlNode.Scalar;
import io.parley.yaml.YamlNode.Sequence;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@code chain}, and the datasets' {@code read_by}. Every problem is collected. */
final class ChainYamlReader {
  /** In place of columns: all of them. */
  private static final String ALL = "all";

  private final Problems problems;
  private final Rules rules;
  private final ColumnSections columns;

  ChainYamlReader(Problems problems, ColumnSections columns) {
    this.problems = problems;
    this.rules = new Rules(problems);
    this.columns = columns;
  }

  /**
   * The draft; null where there is a problem anywhere in it.
   *
   * @param around null where not all of it could be read: then the edges are not looked at
   */
  @Nullable ChainDraft read(YamlSection top, ChainRules.@Nullable Around around) {
    int before = problems.count();
    List<ChainRules.Step> steps = new ArrayList<>();
    List<String> apps = new ArrayList<>();
    @Nullable YamlSection chain = top.section("chain");
    for (Entry entry : chain == null ? List.<Entry>of() : chain.entries()) {
      rules.tableName("chain." + entry.key(), entry.key());
      @Nullable YamlSection section = java.util.Objects.requireNonNull(chain).section(entry);
      if (section != null) {
        section.only("app", "reads", "writes", "params");
        @Nullable String app = app(section);
        @Nullable StepFlow flow = flow(section);
        if (app != null && flow != null) {
          apps.add(app);
          steps.add(new ChainRules.Step(entry.key(), flow));
        }
      }
    }
    List<ChainGrant> grants = grants(top);
    // With a step left out, others would seem to read what nobody writes.
    if (chain != null && around != null && steps.size() == chain.entries().size()) {
      ChainRules.check(problems, steps, grants, around);
    }
    return problems.count() == before ? new ChainDraft(steps, apps, grants) : null;
  }

  private @Nullable String app(YamlSection step) {
    @Nullable String app = step.text("app", "a digest, or the name of an app that is known here");
    if (app == null) {
      return null;
    }
    if (app.startsWith("sha256:")) {
      @Nullable Digest digest = columns.attempt(step.path("app"), () -> Digest.parse(app));
      return digest == null ? null : app;
    }
    rules.tableName(step.path("app"), app);
    return app;
  }

  private @Nullable StepFlow flow(YamlSection step) {
    int before = problems.count();
    List<ChainInput> inputs = inputs(step);
    List<ChainOutput> outputs = outputs(step);
    List<ChainParameter> parameters = new ArrayList<>();
    YamlSection params = step.sectionOrEmpty("params");
    for (Entry entry : params.entries()) {
      @Nullable ChainParameter parameter = parameter(params, entry);
      if (parameter != null) {
        parameters.add(parameter);
      }
    }
    return problems.count() > before
        ? null
        : columns.attempt(step.path(""), () -> new StepFlow(inputs, outputs, parameters));
  }

  private List<ChainInput> inputs(YamlSection step) {
    List<ChainInput> inputs = new ArrayList<>();
    @Nullable YamlNode node =
        step.require("reads", "names of datasets or of what earlier steps write");
    if (node instanceof Sequence) {
      @Nullable List<String> names = step.texts("reads", "names", false);
      for (String name : names == null ? List.<String>of() : names) {
        add(inputs, step.path("reads"), () -> new ChainInput(name, List.of()));
      }
      return inputs;
    }
    @Nullable YamlSection section = node == null ? null : step.section("reads");
    for (Entry entry : section == null ? List.<Entry>of() : section.entries()) {
      List<Column> needed = needed(java.util.Objects.requireNonNull(section), entry);
      add(inputs, step.path("reads." + entry.key()), () -> new ChainInput(entry.key(), needed));
    }
    return inputs;
  }

  private List<Column> needed(YamlSection reads, Entry entry) {
    if (entry.value() instanceof Scalar scalar && scalar.text().equals(ALL)) {
      return List.of();
    }
    if (entry.value() instanceof Mapping) {
      return columns.of(reads, entry.key());
    }
    problems.add(
        reads.path(entry.key()),
        "is %s; expected 'all', or the columns that the step needs, NAME: TYPE"
            .formatted(YamlNode.kind(entry.value())));
    return List.of();
  }

  private List<ChainOutput> outputs(YamlSection step) {
    List<ChainOutput> outputs = new ArrayList<>();
    @Nullable YamlNode node = step.require("writes", "names of what the step writes");
    if (node instanceof Sequence) {
      @Nullable List<String> names = step.texts("writes", "names", false);
      for (String name : names == null ? List.<String>of() : names) {
        add(outputs, step.path("writes"), () -> new ChainOutput(name, List.of(), List.of()));
      }
      return outputs;
    }
    @Nullable YamlSection section = node == null ? null : step.section("writes");
    for (Entry entry : section == null ? List.<Entry>of() : section.entries()) {
      @Nullable YamlSection output = java.util.Objects.requireNonNull(section).section(entry);
      if (output != null) {
        output.only("columns", "read_by");
        List<Column> written =
            output.find("columns") == null ? List.of() : columns.of(output, "columns");
        List<String> readBy = output.textsOrNone("read_by", "names of steps");
        add(
            outputs,
            step.path("writes." + entry.key()),
            () -> new ChainOutput(entry.key(), written, readBy));
      }
    }
    return outputs;
  }

  private @Nullable ChainParameter parameter(YamlSection params, Entry entry) {
    String path = params.path(entry.key());
    if (!(entry.value() instanceof Mapping)) {
      @Nullable String value = params.text(path, entry.value(), "a value, or {from: PARAMETER}");
      return value == null
          ? null
          : columns.attempt(path, () -> new ChainParameter.Fixed(entry.key(), value));
    }
    @Nullable YamlSection section = params.section(entry);
    if (section == null) {
      return null;
    }
    section.only("value", "from");
    boolean fixed = section.find("value") != null;
    if (fixed == (section.find("from") != null)) {
      problems.add(path, "needs either 'value', or 'from' with a parameter of the agreement");
      return null;
    }
    @Nullable String text = section.text(fixed ? "value" : "from", "text");
    return text == null
        ? null
        : columns.attempt(
            path,
            () ->
                fixed
                    ? new ChainParameter.Fixed(entry.key(), text)
                    : new ChainParameter.From(entry.key(), text));
  }

  private List<ChainGrant> grants(YamlSection top) {
    List<ChainGrant> grants = new ArrayList<>();
    @Nullable YamlSection datasets =
        top.find("datasets") instanceof Mapping ? top.section("datasets") : null;
    for (Entry entry : datasets == null ? List.<Entry>of() : datasets.entries()) {
      @Nullable YamlSection dataset =
          entry.value() instanceof Mapping
              ? java.util.Objects.requireNonNull(datasets).section(entry)
              : null;
      if (dataset != null && dataset.find("read_by") != null) {
        @Nullable List<String> steps = dataset.texts("read_by", "names of steps", false);
        if (steps != null) {
          add(grants, dataset.path("read_by"), () -> new ChainGrant(entry.key(), steps));
        }
      }
    }
    return grants;
  }

  private <T> void add(List<T> parts, String path, java.util.function.Supplier<T> make) {
    @Nullable T made = columns.attempt(path, make);
    if (made != null) {
      parts.add(made);
    }
  }
}
