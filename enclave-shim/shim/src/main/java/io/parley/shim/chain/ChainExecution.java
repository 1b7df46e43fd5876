package io.parley.shim.chain;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainStep;
import io.parley.agreement.ResultRule;
import io.parley.shim.Folders;
import io.parley.shim.compute.AppExecution;
import io.parley.shim.compute.AppRunner;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.measure.MeasuredApp;
import io.parley.shim.measure.MeasuredApps;
import io.parley.shim.release.Output;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Runs the steps of a chain in their order, each in a process of its own behind the same wall, with
 * its own inputs and nothing of any other step's. What no later step needs is deleted at once. For
 * one job and one thread.
 */
public final class ChainExecution {
  /**
   * What all steps share.
   *
   * @param values of the agreement's parameters
   * @param left of the job's time
   * @param threads processors that an app should use
   */
  public record Needs(
      AppRunner runner,
      Folders folders,
      MeasuredApps apps,
      MemoryBudget budget,
      Map<String, String> values,
      Supplier<Duration> left,
      int threads) {}

  private static final String RESULTS = "results";

  private final Needs needs;
  private final Agreement agreement;
  private final Chain chain;
  private final AppRunner.ProgressSink progress;
  private final HeldTables held;
  private final StepOutputs outputs;

  private ChainExecution(
      Needs needs,
      Agreement agreement,
      Chain chain,
      Path results,
      AppRunner.ProgressSink progress) {
    this.needs = needs;
    this.agreement = agreement;
    this.chain = chain;
    this.progress = progress;
    Folders folders = needs.folders();
    this.held =
        new HeldTables(
            folders.held(),
            folders.in(),
            chain,
            agreement.results().stream().map(ResultRule::name).collect(Collectors.toSet()),
            needs.budget());
    this.outputs =
        new StepOutputs(folders.out(), held, results, needs.budget(), agreement.results());
  }

  /**
   * Runs all steps on the datasets in the folder of what is held.
   *
   * @return the agreement's results, in its order
   * @throws ParleyException the first step's that fails, with its name as {@code step}
   */
  public static List<Output> run(
      Needs needs, Agreement agreement, Chain chain, AppRunner.ProgressSink progress) {
    Path results = needs.folders().held().resolve(RESULTS);
    try {
      Files.createDirectories(results);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "no folder for results could be made", Map.of(), e);
    }
    return new ChainExecution(needs, agreement, chain, results, progress).run();
  }

  private List<Output> run() {
    List<Output> all = new ArrayList<>();
    for (int i = 0; i < chain.steps().size(); i++) {
      String name = chain.steps().get(i).name();
      try {
        all.addAll(step(i));
      } catch (ParleyException e) {
        throw StepFailure.in(name, e);
      }
    }
    all.sort(Comparator.comparing(output -> output.rule().name()));
    return all;
  }

  private List<Output> step(int index) {
    if (Thread.currentThread().isInterrupted()) {
      throw new EnvironmentException(Reason.CANCELLED, "the job was stopped");
    }
    ChainStep step = chain.steps().get(index);
    String doing = "step %d of %d, '%s'".formatted(index + 1, chain.steps().size(), step.name());
    progress.progress(doing, 0, 0);
    MeasuredApp app = needs.apps().staged(index);
    StepInput input = new StepInput(agreement, chain, step);
    input.require(app);
    held.give(index);
    new AppExecution(needs.runner(), needs.folders().in(), needs.folders().out())
        .run(
            app,
            input.of(
                Chain.parameters(step, needs.values()), needs.budget().appBytes(), needs.threads()),
            needs.budget().limitBytes(),
            needs.left().get(),
            (_, done, total) -> progress.progress(doing, done, total));
    needs.folders().clearAfterApp();
    held.recount();
    List<Output> results = outputs.take(step);
    Folders.clear(needs.folders().out());
    held.recount();
    return results;
  }
}
