package io.parley.shim.chain;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Gate;
import io.parley.gate.GateScope;
import io.parley.shim.Folders;
import io.parley.shim.compute.AppInput;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.gate.GateSubject;
import io.parley.shim.measure.MeasuredApp;
import io.parley.shim.release.Output;
import io.parley.shim.release.ResultFormat;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * One step alone, on a verification set: what it writes is checked as on the real run, what another
 * step would read too. Nothing real is held yet, so its folder takes what comes out, to be wiped.
 */
public final class StepTrial implements GateSubject {
  private final Agreement agreement;
  private final Gate gate;
  private final ChainStep step;
  private final StepInput input;
  private final HeldTables held;
  private final Path results;
  private final StepOutputs outputs;
  private final MemoryBudget budget;
  private final int threads;

  /**
   * @param folders with nothing in that of what is held
   */
  public StepTrial(
      Agreement agreement,
      Chain chain,
      Gate gate,
      Folders folders,
      MemoryBudget budget,
      int threads) {
    this.agreement = agreement;
    this.gate = gate;
    this.step = chain.step(gate.step());
    this.input = new StepInput(agreement, chain, step);
    this.budget = budget;
    this.threads = threads;
    this.results = folders.held().resolve("results");
    makeResults();
    this.held = new HeldTables(folders.held(), folders.in(), chain, Set.of(), budget);
    this.outputs = new StepOutputs(folders.out(), held, results, budget, agreement.results());
  }

  private void makeResults() {
    try {
      Files.createDirectories(results);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "no folder for results could be made", Map.of(), e);
    }
  }

  /**
   * Passes when the app keeps to the conditions that the step must keep to.
   *
   * @throws io.parley.wire.RefusedException RULE_APP
   */
  public StepTrial require(MeasuredApp app) {
    input.require(app);
    return this;
  }

  @Override
  public GateScope scope() {
    return GateScope.of(agreement, gate);
  }

  @Override
  public AppInput input(SortedMap<String, String> parameters) {
    return input.of(parameters, budget.appBytes(), threads);
  }

  @Override
  public List<Left> left() {
    List<Output> results = outputs.take(step);
    List<Left> left = new ArrayList<>();
    for (ChainOutput output : step.outputs()) {
      left.add(
          results.stream()
              .filter(result -> result.rule().name().equals(output.name()))
              .map(result -> new Left(result.format(), result.file()))
              .findFirst()
              .orElseGet(() -> new Left(ResultFormat.ARROW, held.file(output.name()))));
    }
    return left;
  }

  @Override
  public void forget() {
    Folders.clear(held.folder());
    held.recount();
    makeResults();
  }
}
