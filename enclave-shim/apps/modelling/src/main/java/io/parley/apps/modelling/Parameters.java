package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The parameters of a job that name columns. A column is written {@code column}, or {@code
 * dataset.column} where more than one dataset has it. Every failure is an AppException
 * INVALID_PARAMETER.
 */
public final class Parameters {
  private static final int MAX_NAMES = 500;

  private final JobContext job;
  private final List<Dataset> datasets;
  private final List<String> on;

  /**
   * Reads {@code on}, the key columns, with commas between; only a job with one dataset can do
   * without.
   *
   * @param known the names of all parameters that there are
   */
  public Parameters(JobContext job, Set<String> known) {
    this.job = job;
    this.datasets = List.copyOf(job.datasets());
    for (String name : job.parameters().keySet()) {
      if (!known.contains(name)) {
        throw invalid(name, "there is no parameter '%s'".formatted(name));
      }
    }
    this.on = names("on");
    checkKeys();
  }

  /** The key columns, the same in all datasets. */
  public List<String> on() {
    return on;
  }

  /** The datasets of the job. */
  public List<Dataset> datasets() {
    return datasets;
  }

  /** The one column that this parameter names. */
  public Source column(String parameter) {
    return source(parameter, job.parameter(parameter).strip());
  }

  /** The columns that this parameter names, with commas between; none when it is not there. */
  public List<Source> columns(String parameter) {
    return names(parameter).stream().map(name -> source(parameter, name)).toList();
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String parameter, boolean otherwise) {
    return choice(parameter, otherwise ? "true" : "false", "true", "false").equals("true");
  }

  /** One of these words; the first that is given where the parameter is not there. */
  public String choice(String parameter, String otherwise, String... words) {
    String text = job.optionalParameter(parameter).orElse(otherwise).strip();
    if (!List.of(words).contains(text)) {
      throw invalid(
          parameter,
          "%s is '%s'; expected %s".formatted(parameter, text, String.join(" or ", words)));
    }
    return text;
  }

  /** A refusal of this parameter. */
  public static AppException invalid(String parameter, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", parameter));
  }

  private void checkKeys() {
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

  private Source source(String parameter, String name) {
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

  private List<String> names(String parameter) {
    return job.optionalParameter(parameter).map(text -> names(parameter, text)).orElse(List.of());
  }

  private static List<String> names(String parameter, String text) {
    List<String> names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    if (names.stream().anyMatch(String::isEmpty)) {
      throw invalid(parameter, "'%s' holds an empty name".formatted(parameter));
    }
    if (new HashSet<>(names).size() != names.size() || names.size() > MAX_NAMES) {
      throw invalid(
          parameter, "'%s' names a column twice, or more than %d".formatted(parameter, MAX_NAMES));
    }
    return names;
  }
}
