package io.parley.apps.intersect;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What to intersect, from the parameters of a job.
 *
 * @param on {@code on}: the key columns, in every dataset, with commas between
 * @param outputs {@code output}: what each result tells, {@code RESULT=cardinality|ids|columns}
 *     with commas between, or one of the three words where there is one result; {@code cardinality}
 *     by default
 * @param payload {@code columns}: payload columns, {@code column} or {@code dataset.column}, with
 *     commas between
 */
record Plan(List<String> on, SequencedMap<String, Output> outputs, List<Payload> payload) {
  private static final Set<String> PARAMETERS = Set.of("on", "output", "columns");
  private static final int MAX_NAMES = 500;

  /**
   * A payload column.
   *
   * @param name in the result: as the parameter wrote it
   */
  record Payload(String name, String dataset, String column) {}

  Plan {
    on = List.copyOf(on);
    payload = List.copyOf(payload);
  }

  static Plan of(JobContext job) {
    for (String name : job.parameters().keySet()) {
      if (!PARAMETERS.contains(name)) {
        throw invalid(name, "there is no parameter '%s'".formatted(name));
      }
    }
    if (job.datasets().size() < 2) {
      throw invalid("on", "an intersection needs two datasets or more");
    }
    List<String> on = names("on", job.parameter("on"));
    for (Dataset dataset : job.datasets()) {
      for (String key : on) {
        if (field(dataset, key) == null) {
          throw invalid("on", "dataset '%s' has no key column '%s'".formatted(dataset.name(), key));
        }
      }
    }
    List<Payload> payload =
        job
            .optionalParameter("columns")
            .map(text -> names("columns", text))
            .orElse(List.of())
            .stream()
            .map(name -> payload(job, on, name))
            .toList();
    SequencedMap<String, Output> outputs = outputs(job);
    if (outputs.containsValue(Output.COLUMNS) == payload.isEmpty()) {
      throw invalid(
          "columns",
          "name payload columns in 'columns' where an output is 'columns', and only then");
    }
    return new Plan(on, outputs, payload);
  }

  /** The payload columns of one dataset. */
  List<Payload> payloadOf(String dataset) {
    return payload.stream().filter(column -> column.dataset().equals(dataset)).toList();
  }

  private static SequencedMap<String, Output> outputs(JobContext job) {
    String text = job.optionalParameter("output").orElse("cardinality").strip();
    SequencedMap<String, Output> outputs = new LinkedHashMap<>();
    if (!text.contains("=")) {
      if (job.results().size() != 1) {
        throw invalid(
            "output",
            "there are the results %s; say RESULT=cardinality, RESULT=ids or RESULT=columns for each"
                .formatted(job.results()));
      }
      outputs.put(job.results().getFirst(), output(text));
      return outputs;
    }
    for (String part : names("output", text)) {
      String[] sides = part.split("=", 2);
      if (sides.length < 2 || !job.results().contains(sides[0].strip())) {
        throw invalid(
            "output", "'%s' is not RESULT=OUTPUT with one of %s".formatted(part, job.results()));
      }
      if (outputs.put(sides[0].strip(), output(sides[1].strip())) != null) {
        throw invalid("output", "result '%s' is there twice".formatted(sides[0].strip()));
      }
    }
    if (outputs.size() != job.results().size()) {
      throw invalid("output", "not every one of the results %s is named".formatted(job.results()));
    }
    return outputs;
  }

  private static Output output(String word) {
    return Arrays.stream(Output.values())
        .filter(output -> output.text().equals(word))
        .findFirst()
        .orElseThrow(() ->
            invalid(
                "output",
                "'%s' is not one of %s"
                    .formatted(
                        word,
                        Arrays.stream(Output.values())
                            .map(Output::text)
                            .collect(Collectors.joining(", ")))));
  }

  private static Payload payload(JobContext job, List<String> on, String name) {
    if (on.contains(name)) {
      throw invalid("columns", "'%s' is a key column, and there anyway".formatted(name));
    }
    List<Payload> found = new ArrayList<>();
    for (Dataset dataset : job.datasets()) {
      String prefix = dataset.name() + ".";
      if (field(dataset, name) != null) {
        found.add(new Payload(name, dataset.name(), name));
      } else if (name.startsWith(prefix)
          && field(dataset, name.substring(prefix.length())) != null) {
        found.add(new Payload(name, dataset.name(), name.substring(prefix.length())));
      }
    }
    if (found.size() != 1) {
      throw invalid(
          "columns",
          found.isEmpty()
              ? "no dataset has a column '%s'".formatted(name)
              : "several datasets have a column '%s'; write DATASET.%s".formatted(name, name));
    }
    return found.getFirst();
  }

  static @org.jspecify.annotations.Nullable Field field(Dataset dataset, String column) {
    return dataset.schema().getFields().stream()
        .filter(field -> field.getName().equals(column))
        .findFirst()
        .orElse(null);
  }

  private static List<String> names(String parameter, String text) {
    List<String> names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    if (names.stream().anyMatch(String::isEmpty)
        || new HashSet<>(names).size() != names.size()
        || names.size() > MAX_NAMES) {
      throw invalid(
          parameter,
          "'%s' holds an empty name, a name twice, or more than %d"
              .formatted(parameter, MAX_NAMES));
    }
    return names;
  }

  private static AppException invalid(String parameter, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", parameter));
  }
}
