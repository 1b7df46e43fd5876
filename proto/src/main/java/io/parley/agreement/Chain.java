package io.parley.agreement;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Apps that run one after the other in one enclave, each on what it may read. Whether the names
 * stand for something and all edges fit is for its {@link Agreement} to check. Immutable.
 *
 * @param steps in the order in which they run
 * @param grants which steps may read which dataset; sorted by dataset
 */
public record Chain(List<ChainStep> steps, List<ChainGrant> grants) {
  public Chain {
    steps = List.copyOf(steps);
    grants = grants.stream().sorted(Comparator.comparing(ChainGrant::dataset)).toList();
  }

  /** What evidence names as the app: SHA-256 of the exact bytes ({@link ChainCodec}). */
  public Digest digest() {
    return Digest.of(ChainCodec.encode(this));
  }

  /** The apps' digests, in the order of the steps. */
  public List<Digest> apps() {
    return steps.stream().map(ChainStep::app).toList();
  }

  /**
   * The same chain made of other apps: what an enclave holds whose apps were measured.
   *
   * @param apps one for each step
   * @throws RefusedException APP_DIGEST_WRONG when there are more or fewer
   */
  public Chain withApps(List<Digest> apps) {
    if (apps.size() != steps.size()) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "the chain has %d steps, and %d apps came for them".formatted(steps.size(), apps.size()),
          Map.of(
              "expected", Integer.toString(steps.size()), "seen", Integer.toString(apps.size())));
    }
    List<ChainStep> changed = new ArrayList<>();
    for (int i = 0; i < apps.size(); i++) {
      ChainStep step = steps.get(i);
      changed.add(new ChainStep(step.name(), apps.get(i), step.flow()));
    }
    return new Chain(changed, grants);
  }

  /**
   * Index of the step of this name.
   *
   * @throws RefusedException INVALID_REQUEST when there is none
   */
  public int indexOf(String step) {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).name().equals(step)) {
        return i;
      }
    }
    throw new RefusedException(
        Reason.INVALID_REQUEST,
        "the chain has no step '%s'%s"
            .formatted(
                Suggestions.shown(step),
                Suggestions.forName(step, steps.stream().map(ChainStep::name).toList())),
        Map.of("step", Suggestions.shown(step)));
  }

  /**
   * The step of this name.
   *
   * @throws RefusedException INVALID_REQUEST when there is none
   */
  public ChainStep step(String step) {
    return steps.get(indexOf(step));
  }

  /** Index of the last step that reads what has this name; -1: none does. */
  public int lastReader(String name) {
    for (int i = steps.size() - 1; i >= 0; i--) {
      if (steps.get(i).flow().reads(name)) {
        return i;
      }
    }
    return -1;
  }

  /** The columns that a step gets of an input, in order. */
  public List<Column> columns(ChainInput input, List<Dataset> datasets) {
    return input.columns().isEmpty() ? produced(input.name(), datasets) : input.columns();
  }

  /**
   * All columns of a dataset that leave its owner, or all of what a step writes.
   *
   * @throws RefusedException DATASET_NOT_FOUND when nothing has this name
   */
  public List<Column> produced(String name, List<Dataset> datasets) {
    return produced(name, datasets, steps.stream().map(ChainStep::flow))
        .orElseThrow(() ->
            new RefusedException(
                Reason.DATASET_NOT_FOUND,
                "neither a dataset nor a step's output is called '%s'".formatted(name),
                Map.of("dataset", name)));
  }

  /** The same, of steps that need not be those of a chain yet; empty when nothing has this name. */
  static Optional<List<Column>> produced(
      String name, List<Dataset> datasets, Stream<StepFlow> steps) {
    return Stream.concat(
            datasets.stream()
                .filter(dataset -> dataset.name().equals(name))
                .map(Dataset::releasedColumns),
            steps
                .flatMap(step -> step.outputs().stream())
                .filter(output -> output.name().equals(name))
                .map(ChainOutput::columns))
        .findFirst();
  }

  /**
   * What a step's app is told.
   *
   * @param values of the agreement's parameters, all of them ({@link JobSpec#allParameters})
   */
  public static SortedMap<String, String> parameters(ChainStep step, Map<String, String> values) {
    TreeMap<String, String> told = new TreeMap<>();
    for (ChainParameter parameter : step.parameters()) {
      switch (parameter) {
        case ChainParameter.Fixed fixed -> told.put(fixed.name(), fixed.value());
        case ChainParameter.From from -> {
          String value = values.get(from.parameter());
          if (value == null) {
            throw new RefusedException(
                Reason.INVALID_PARAMETER,
                "step '%s' needs parameter '%s', which has no value"
                    .formatted(step.name(), from.parameter()),
                Map.of("step", step.name(), "parameter", from.parameter()));
          }
          told.put(from.name(), value);
        }
      }
    }
    return told;
  }
}
