package io.parley.agreement;

import static io.parley.agreement.AgreementYamlWriter.column;
import static io.parley.agreement.AgreementYamlWriter.list;
import static io.parley.agreement.AgreementYamlWriter.quoted;

import java.util.ArrayList;
import java.util.List;

/** A chain as lines that read back as the same chain. */
final class ChainYamlWriter {
  private final List<String> lines = new ArrayList<>();

  private ChainYamlWriter() {}

  static List<String> write(Chain chain) {
    ChainYamlWriter writer = new ChainYamlWriter();
    writer.lines.add("chain:");
    chain.steps().forEach(writer::step);
    return writer.lines;
  }

  private void step(ChainStep step) {
    lines.add("  %s:".formatted(quoted(step.name())));
    lines.add("    app: " + step.app());
    lines.add("    reads:");
    for (ChainInput input : step.inputs()) {
      if (input.columns().isEmpty()) {
        lines.add("      %s: all".formatted(quoted(input.name())));
      } else {
        lines.add("      %s:".formatted(quoted(input.name())));
        columns("        ", input.columns());
      }
    }
    lines.add("    writes:");
    step.outputs().forEach(this::output);
    if (!step.parameters().isEmpty()) {
      lines.add("    params:");
      step.parameters().forEach(this::parameter);
    }
  }

  private void output(ChainOutput output) {
    if (output.columns().isEmpty() && output.readBy().isEmpty()) {
      lines.add("      %s: {}".formatted(quoted(output.name())));
      return;
    }
    lines.add("      %s:".formatted(quoted(output.name())));
    if (!output.columns().isEmpty()) {
      lines.add("        columns:");
      columns("          ", output.columns());
    }
    lines.add("        read_by: " + list(output.readBy()));
  }

  private void parameter(ChainParameter parameter) {
    lines.add(
        switch (parameter) {
          case ChainParameter.Fixed fixed ->
              "      %s: {value: %s}".formatted(quoted(fixed.name()), quoted(fixed.value()));
          case ChainParameter.From from ->
              "      %s: {from: %s}".formatted(quoted(from.name()), quoted(from.parameter()));
        });
  }

  private void columns(String indent, List<Column> columns) {
    columns.forEach(column -> lines.add(indent + column(column)));
  }
}
