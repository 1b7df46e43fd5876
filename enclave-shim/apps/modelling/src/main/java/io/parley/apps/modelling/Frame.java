package io.parley.apps.modelling;

import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.List;

/** The columns that a model needs of all datasets, in memory, and the inner join of their rows. */
public final class Frame {
  private final List<Table> tables;
  private final KeyJoin join;

  private Frame(List<Table> tables) {
    this.tables = List.copyOf(tables);
    this.join = new KeyJoin(tables);
  }

  /**
   * Reads.
   *
   * @param sources every column that the model needs, beside the keys
   * @throws io.parley.sdk.AppException WRONG_TYPE, TOO_MANY_LEVELS, NOT_FINITE, DUPLICATE_KEYS,
   *     KEY_TYPES_DIFFER
   */
  public static Frame read(JobContext job, Parameters parameters, List<Source> sources) {
    List<Table> tables = new ArrayList<>();
    for (Dataset dataset : parameters.datasets()) {
      job.progress(tables.size(), parameters.datasets().size() + 1, "reading " + dataset.name());
      List<String> columns =
          sources.stream()
              .filter(source -> source.dataset().equals(dataset.name()))
              .map(Source::column)
              .distinct()
              .toList();
      tables.add(Table.read(dataset, columns, parameters.on()));
    }
    job.progress(tables.size(), tables.size() + 1, "fitting");
    return new Frame(tables);
  }

  List<Table> tables() {
    return tables;
  }

  /** Takes one match: the row in each dataset, in their order. The array is reused. */
  @FunctionalInterface
  public interface Match {
    void accept(int[] rows);
  }

  /** Gives every match; in the same order each time. */
  public void forEachMatch(Match match) {
    join.forEachMatch(match);
  }
}
