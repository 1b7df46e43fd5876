package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What of an agreement, signed or still a draft, bears on one step of its chain. Immutable.
 *
 * @param datasets that it reads itself; of whose usage nothing is said where the step keeps to no
 *     conditions
 * @param inputs all that it reads, with the columns that it gets
 * @param outputs what it writes, in the shape that it must have
 * @param parameters by the names that the step knows
 */
public record StepTerms(
    List<Dataset> datasets,
    SortedMap<String, List<Column>> inputs,
    List<Output> outputs,
    List<Parameter> parameters) {
  /**
   * @param recipients of a result; none of what only other steps read
   * @param readBy later steps
   */
  public record Output(
      String name, List<String> recipients, List<String> readBy, Shape shape, Keep keep) {
    public Output {
      recipients = List.copyOf(recipients);
      readBy = List.copyOf(readBy);
    }
  }

  public StepTerms {
    datasets = List.copyOf(datasets);
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    outputs = List.copyOf(outputs);
    parameters = List.copyOf(parameters);
  }

  /**
   * Of a signed agreement.
   *
   * @throws RefusedException INVALID_REQUEST when there is no chain, or no such step
   */
  public static StepTerms of(Agreement agreement, String step) {
    @Nullable Chain chain = agreement.chain();
    List<ChainRules.Step> steps =
        chain == null
            ? List.of()
            : chain.steps().stream().map(s -> new ChainRules.Step(s.name(), s.flow())).toList();
    return of(
        steps,
        step,
        new ChainRules.Around(agreement.datasets(), agreement.results(), agreement.parameters()));
  }

  static StepTerms of(List<ChainRules.Step> steps, String step, ChainRules.Around around) {
    StepFlow flow =
        steps.stream()
            .filter(each -> each.name().equals(step))
            .map(ChainRules.Step::flow)
            .findFirst()
            .orElseThrow(() -> unknown(steps, step));
    StepConditions conditions = new StepConditions(around.datasets(), around.rules());
    boolean bound = conditions.bind(flow);
    TreeMap<String, List<Column>> inputs = new TreeMap<>();
    flow.inputs().forEach(input -> inputs.put(input.name(), columns(input, steps, around)));
    return new StepTerms(
        around.datasets().stream()
            .filter(dataset -> flow.reads(dataset.name()))
            .map(dataset -> bound ? dataset : unstated(dataset))
            .toList(),
        inputs,
        flow.outputs().stream()
            .map(output -> output(output, bound ? conditions.shape(output) : Shape.ANY, around))
            .toList(),
        parameters(flow, around.values()));
  }

  private static RefusedException unknown(List<ChainRules.Step> steps, String step) {
    List<String> names = steps.stream().map(ChainRules.Step::name).toList();
    return new RefusedException(
        Reason.INVALID_REQUEST,
        names.isEmpty()
            ? "the agreement has one app, and no steps"
            : "the chain has no step '%s', only %s".formatted(Suggestions.shown(step), names),
        Map.of("step", Suggestions.shown(step)));
  }

  private static Dataset unstated(Dataset dataset) {
    return new Dataset(
        dataset.name(),
        dataset.owner(),
        dataset.columns(),
        dataset.releasedTo(),
        Usage.UNSTATED,
        dataset.budget());
  }

  private static List<Column> columns(
      ChainInput input, List<ChainRules.Step> steps, ChainRules.Around around) {
    return input.columns().isEmpty()
        ? Chain.produced(input.name(), around.datasets(), steps.stream().map(ChainRules.Step::flow))
            .orElse(List.of())
        : input.columns();
  }

  private static Output output(ChainOutput output, Shape shape, ChainRules.Around around) {
    return around.rules().stream()
        .filter(rule -> rule.name().equals(output.name()))
        .findFirst()
        .map(rule ->
            new Output(output.name(), rule.recipients(), output.readBy(), shape, rule.keep()))
        .orElseGet(
            () -> new Output(output.name(), List.of(), output.readBy(), shape, Keep.AS_NODE));
  }

  /** What the app of a step is told, of the agreement's parameters and its own. */
  static List<Parameter> parameters(StepFlow flow, List<Parameter> whole) {
    List<Parameter> own = new ArrayList<>();
    for (ChainParameter parameter : flow.parameters()) {
      switch (parameter) {
        case ChainParameter.Fixed fixed ->
            own.add(new Parameter.Fixed(fixed.name(), fixed.value()));
        case ChainParameter.From from ->
            whole.stream()
                .filter(each -> each.name().equals(from.parameter()))
                .forEach(each -> own.add(renamed(each, from.name())));
      }
    }
    return own;
  }

  private static Parameter renamed(Parameter parameter, String name) {
    return switch (parameter) {
      case Parameter.Fixed fixed -> new Parameter.Fixed(name, fixed.value());
      case Parameter.Free free -> new Parameter.Free(name, free.type());
    };
  }
}
