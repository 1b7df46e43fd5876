package io.parley.shim.exchange;

import java.nio.file.Path;

/** The folder that the app reads its inputs from. Thread-safe. */
final class Inputs {
  private final Path folder;
  private final MemoryBudget budget;

  Inputs(Path folder, MemoryBudget budget) {
    this.folder = folder;
    this.budget = budget;
  }

  /**
   * Starts an input of which this size was announced.
   *
   * @throws io.parley.wire.RefusedException MEMORY_LIMIT when it can't fit
   */
  InputFile create(String dataset, long announcedBytes) {
    budget.take(dataset, announcedBytes);
    return InputFile.create(folder, dataset, budget, announcedBytes);
  }
}
