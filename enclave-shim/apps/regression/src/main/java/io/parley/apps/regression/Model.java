package io.parley.apps.regression;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What to fit, from the parameters {@code target}, {@code features} (with commas between), {@code
 * on} (the key columns, with commas between; only a job with one dataset can do without) and {@code
 * intercept} ({@code true}, which is the default, or {@code false}).
 *
 * <p>A column is written {@code column}, or {@code dataset.column} where more than one dataset has
 * it.
 */
record Model(Source target, List<Source> features, List<String> on, boolean intercept) {
  private static final int MAX_FEATURES = 500;

  /**
   * Where a column comes from.
   *
   * @param term what it is called in the result: as the parameter wrote it
   */
  record Source(String term, String dataset, String column) {}

  Model {
    features = List.copyOf(features);
    on = List.copyOf(on);
  }

  static Model of(JobContext job, List<Dataset> datasets) {
    for (String name : job.parameters().keySet()) {
      if (!Set.of("target", "features", "on", "intercept").contains(name)) {
        throw invalid(name, "there is no parameter '%s'".formatted(name));
      }
    }
    List<String> on = job.optionalParameter("on").map(text -> names("on", text)).orElse(List.of());
    checkKeys(on, datasets);
    Source target = source("target", job.parameter("target").strip(), datasets, on);
    List<Source> features = new ArrayList<>();
    for (String name : names("features", job.parameter("features"))) {
      Source source = source("features", name, datasets, on);
      if (source.equals(target)) {
        throw invalid("features", "the target '%s' is among the features".formatted(name));
      }
      features.add(source);
    }
    return new Model(target, features, on, intercept(job));
  }

  /** Every column of this dataset that the model needs. */
  List<String> columnsOf(String dataset) {
    return Stream.concat(Stream.of(target), features.stream())
        .filter(source -> source.dataset().equals(dataset))
        .map(Source::column)
        .distinct()
        .toList();
  }

  private static boolean intercept(JobContext job) {
    String text = job.optionalParameter("intercept").orElse("true").strip();
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw invalid("intercept", "intercept is '%s'; expected true or false".formatted(text));
    };
  }

  private static void checkKeys(List<String> on, List<Dataset> datasets) {
    if (on.isEmpty() && datasets.size() > 1) {
      throw invalid("on", "name the key columns in 'on': there is more than one dataset to join");
    }
    for (Dataset dataset : datasets) {
      for (String key : on) {
        if (!has(dataset, key)) {
          throw invalid("on", "dataset '%s' has no key column '%s'".formatted(dataset.name(), key));
        }
      }
    }
  }

  private static Source source(
      String parameter, String name, List<Dataset> datasets, List<String> on) {
    List<Dataset> holders = datasets.stream().filter(dataset -> has(dataset, name)).toList();
    // A key is the same in all datasets, so any of them will do.
    if (holders.size() == 1 || (!holders.isEmpty() && on.contains(name))) {
      return new Source(name, holders.getFirst().name(), name);
    }
    if (!holders.isEmpty()) {
      throw invalid(
          parameter,
          "datasets %s have a column '%s' each; write DATASET.%s"
              .formatted(holders.stream().map(Dataset::name).toList(), name, name));
    }
    for (Dataset dataset : datasets) {
      String prefix = dataset.name() + ".";
      if (name.startsWith(prefix) && has(dataset, name.substring(prefix.length()))) {
        return new Source(name, dataset.name(), name.substring(prefix.length()));
      }
    }
    throw invalid(parameter, "no dataset has a column '%s'".formatted(name));
  }

  private static boolean has(Dataset dataset, String column) {
    return dataset.schema().getFields().stream().anyMatch(f -> f.getName().equals(column));
  }

  private static List<String> names(String parameter, String text) {
    List<String> names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    if (names.stream().anyMatch(String::isEmpty)) {
      throw invalid(parameter, "'%s' holds an empty name".formatted(parameter));
    }
    if (new HashSet<>(names).size() != names.size() || names.size() > MAX_FEATURES) {
      throw invalid(
          parameter,
          "'%s' names a column twice, or more than %d".formatted(parameter, MAX_FEATURES));
    }
    return names;
  }

  private static AppException invalid(String parameter, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", parameter));
  }
}
