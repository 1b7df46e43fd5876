package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainParameter;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.agreement.StepIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How the steps of a chain are shown: what each runs, reads, writes and is told. */
final class ChainViews {
  private ChainViews() {}

  static void steps(Chain chain, Agreement agreement, Map<String, @Nullable Object> terms) {
    for (ChainStep step : chain.steps()) {
      List<String> lines = new ArrayList<>();
      lines.add("app " + step.app());
      lines.add("identity " + StepIdentity.of(step, chain, agreement));
      step.inputs().forEach(input -> lines.add(reads(input)));
      step.outputs().forEach(output -> lines.add(writes(output, agreement)));
      step.parameters().forEach(parameter -> lines.add(told(parameter)));
      terms.put("step " + step.name(), lines);
    }
  }

  /** Which steps may read a dataset; nothing where there is no chain. */
  static String readers(@Nullable Chain chain, Dataset dataset) {
    return chain == null
        ? ""
        : chain.grants().stream()
            .filter(grant -> grant.dataset().equals(dataset.name()))
            .map(grant -> "; read by step " + String.join(", ", grant.steps()))
            .collect(Collectors.joining());
  }

  private static String reads(ChainInput input) {
    return "reads "
        + input.name()
        + (input.columns().isEmpty() ? ", all columns" : " (" + columns(input.columns()) + ")");
  }

  private static String writes(ChainOutput output, Agreement agreement) {
    String columns = output.columns().isEmpty() ? "" : " (" + columns(output.columns()) + ")";
    boolean leaves =
        agreement.results().stream().map(ResultRule::name).anyMatch(output.name()::equals);
    String readers =
        output.readBy().isEmpty() ? "" : "; read by step " + String.join(", ", output.readBy());
    return "writes "
        + output.name()
        + columns
        + (leaves ? "; leaves as a result" : "; stays in the enclave")
        + readers;
  }

  private static String told(ChainParameter parameter) {
    return switch (parameter) {
      case ChainParameter.Fixed fixed -> "%s = %s".formatted(fixed.name(), fixed.value().strip());
      case ChainParameter.From from -> "%s = parameter %s".formatted(from.name(), from.parameter());
    };
  }

  private static String columns(List<Column> columns) {
    return columns.stream().map(AgreementViews::column).collect(Collectors.joining(", "));
  }
}
