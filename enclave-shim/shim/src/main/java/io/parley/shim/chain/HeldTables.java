package io.parley.shim.chain;

import io.parley.agreement.Chain;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainStep;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Datasets and what steps wrote, for as long as a step still needs them. Whatever a step is given
 * is a file that no other step has seen or will see: its rights and times can carry nothing on. Not
 * thread-safe.
 */
final class HeldTables {
  private final Path folder;
  private final Path in;
  private final Chain chain;
  private final Set<String> released;
  private final MemoryBudget budget;

  /**
   * @param folder with the datasets
   * @param in what the apps read
   * @param released names that leave in the end, and so are not given away
   */
  HeldTables(Path folder, Path in, Chain chain, Set<String> released, MemoryBudget budget) {
    this.folder = folder;
    this.in = in;
    this.chain = chain;
    this.released = Set.copyOf(released);
    this.budget = budget;
  }

  Path folder() {
    return folder;
  }

  Path file(String name) {
    return folder.resolve(name + ".arrow");
  }

  /** Gives a step all of its inputs, and nothing else. */
  void give(int index) {
    ChainStep step = chain.steps().get(index);
    try {
      for (ChainInput input : step.inputs()) {
        give(input, index);
      }
      recount();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void give(ChainInput input, int index) throws IOException {
    Path file = file(input.name());
    boolean last = chain.lastReader(input.name()) == index && !released.contains(input.name());
    if (!input.columns().isEmpty()) {
      LocalTable.rewrite(file, input.name(), input.columns(), false, in, budget);
      if (last) {
        Files.delete(file);
      }
    } else if (last) {
      Files.move(file, in.resolve(file.getFileName()));
    } else {
      budget.take(input.name(), Files.size(file));
      Files.copy(file, in.resolve(file.getFileName()));
    }
  }

  /** Tells the budget what is held now. */
  void recount() {
    long bytes = 0;
    try {
      for (Path place : new Path[] {folder, in}) {
        try (Stream<Path> files = Files.walk(place)) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            bytes += Files.size(file);
          }
        }
      }
    } catch (IOException e) {
      throw failed(e);
    }
    budget.recount(bytes);
  }

  private static EnvironmentException failed(IOException e) {
    return new EnvironmentException(
        Reason.IO_FAILED, "the step's inputs could not be made ready", Map.of(), e);
  }
}
