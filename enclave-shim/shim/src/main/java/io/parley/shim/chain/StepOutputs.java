package io.parley.shim.chain;

import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Column;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.release.Output;
import io.parley.shim.release.OutputRules;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a step left in /out: what has columns in the agreement is checked against them and written
 * anew, what is a result keeps the result's rule, and there is nothing else. Default deny.
 */
final class StepOutputs {
  private final Path out;
  private final HeldTables held;
  private final Path results;
  private final MemoryBudget budget;
  private final List<ResultRule> rules;

  /**
   * @param results where results wait for their release
   * @param rules of the agreement
   */
  StepOutputs(
      Path out, HeldTables held, Path results, MemoryBudget budget, List<ResultRule> rules) {
    this.out = out;
    this.held = held;
    this.results = results;
    this.budget = budget;
    this.rules = List.copyOf(rules);
  }

  /**
   * Takes a step's outputs out of /out. The step's app has ended.
   *
   * @return what may leave in the end
   * @throws RefusedException OUTPUT_RULE, or MEMORY_LIMIT
   */
  List<Output> take(ChainStep step) {
    try {
      for (ChainOutput output : step.outputs()) {
        if (!output.columns().isEmpty()) {
          table(output);
        }
      }
      return results(step);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "what the app wrote could not be read", Map.of(), e);
    }
  }

  /** Nothing of the message comes from the file: a step could speak to the parties through it. */
  private void table(ChainOutput output) throws IOException {
    Path file = out.resolve(output.name() + ".arrow");
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw refused(output, "is no file %s.arrow".formatted(output.name()));
    }
    try {
      LocalTable.rewrite(file, output.name(), output.columns(), true, held.folder(), budget);
    } catch (RefusedException e) {
      throw e.reason() == Reason.MEMORY_LIMIT ? e : refused(output, misfit(file, output));
    } catch (LocalTable.OtherColumnsException e) {
      throw refused(output, "has other columns too");
    }
    Files.delete(file);
  }

  private static String misfit(Path file, ChainOutput output) {
    for (Column column : output.columns()) {
      if (!LocalTable.has(file, output.name(), column)) {
        return "has no column '%s' of type %s".formatted(column.name(), column.type().sql());
      }
    }
    return "is no Arrow file whose rows fit";
  }

  private static RefusedException refused(ChainOutput output, String problem) {
    return new RefusedException(
        Reason.OUTPUT_RULE,
        "'%s' %s; the agreement says that it has exactly %s"
            .formatted(
                output.name(),
                problem,
                output.columns().stream()
                    .map(StepOutputs::column)
                    .collect(Collectors.joining(", "))),
        Map.of("output", output.name()));
  }

  private static String column(Column column) {
    return column.name() + " " + column.type().sql() + (column.nullable() ? "" : " NOT NULL");
  }

  /** By the rules that hold for one app: so a table that is a result goes back for a moment. */
  private List<Output> results(ChainStep step) throws IOException {
    List<ResultRule> written = new ArrayList<>();
    for (ChainOutput output : step.outputs()) {
      for (ResultRule rule : rules) {
        if (rule.name().equals(output.name())) {
          written.add(rule);
          if (!output.columns().isEmpty()) {
            Files.createLink(out.resolve(output.name() + ".arrow"), held.file(output.name()));
          }
        }
      }
    }
    List<Output> kept = new ArrayList<>();
    for (Output output : OutputRules.collect(out, written, Queries.FIXED)) {
      Path place = results.resolve(output.file().getFileName());
      Files.move(output.file(), place);
      kept.add(new Output(output.rule(), output.format(), place, output.rows()));
    }
    return kept;
  }
}
