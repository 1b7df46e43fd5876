package io.parley.shim;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.Gate;
import io.parley.gate.GateOutcome;
import io.parley.shim.attest.Enclave;
import io.parley.shim.chain.StepTrial;
import io.parley.shim.compute.AppExecution;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.gate.GateRun;
import io.parley.shim.gate.GateSubject;
import io.parley.shim.gate.OrderedGate;
import io.parley.shim.gate.WholeApp;
import io.parley.shim.measure.MeasuredApp;
import io.parley.shim.measure.MeasuredApps;

/** Runs an app, or one step's, on verification data, before there is any key in this enclave. */
final class GateTrials {
  private final ShimParts parts;
  private final MeasuredApps apps;
  private final long limitBytes;
  private final JobClock clock;
  private final ProgressReporter progress;

  GateTrials(
      ShimParts parts,
      MeasuredApps apps,
      long limitBytes,
      JobClock clock,
      ProgressReporter progress) {
    this.parts = parts;
    this.apps = apps;
    this.limitBytes = limitBytes;
    this.clock = clock;
    this.progress = progress;
  }

  GateOutcome run(Enclave enclave, OrderedGate ordered) {
    Agreement agreement = enclave.agreement();
    Gate gate = ordered.set().gate();
    MemoryBudget budget = new MemoryBudget(limitBytes, parts.ownBytes() + apps.largestBytes());
    Folders folders = parts.folders();
    Chain chain = agreement.chain();
    if (chain == null) {
      progress.report("gate", "running the app on verification data of " + gate.owner(), 0, 0);
      return run(
          enclave,
          apps.first(),
          new WholeApp(agreement, gate, folders.out(), budget.appBytes(), parts.threads()),
          ordered);
    }
    progress.report(
        "gate",
        "running step '%s' on verification data of %s".formatted(gate.step(), gate.owner()),
        0,
        0);
    try {
      MeasuredApp app = staged(chain.indexOf(gate.step()));
      StepTrial trial =
          new StepTrial(agreement, chain, gate, folders, budget, parts.threads()).require(app);
      return run(enclave, app, trial, ordered);
    } finally {
      Folders.clear(folders.app());
      Folders.clear(folders.held());
    }
  }

  /**
   * One copy at a time: that of the first step is there from the start, and is made again later.
   */
  private MeasuredApp staged(int step) {
    if (step > 0) {
      Folders.clear(parts.folders().app());
    }
    return apps.staged(step);
  }

  private GateOutcome run(
      Enclave enclave, MeasuredApp app, GateSubject subject, OrderedGate ordered) {
    Folders folders = parts.folders();
    return new GateRun(
            new AppExecution(parts.apps(), folders.in(), folders.out()),
            folders.in(),
            parts.random(),
            folders::requireClean,
            clock::elapsed)
        .run(enclave, app, subject, ordered, clock.left());
  }
}
