package io.parley.apps.tally;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to count, from the parameters of a job.
 *
 * @param roll {@code roll}: the dataset whose column {@code voter} has who may vote
 * @param choices {@code choices}, with commas between: what may be voted for
 * @param closes {@code closes}: ballots cast at or after this time (UTC) do not count; null: none
 *     is late
 * @param ballots every other dataset, each a provider's chain
 */
record Plan(
    Dataset roll, List<String> choices, @Nullable LocalDateTime closes, List<Dataset> ballots) {
  private static final Set<String> PARAMETERS = Set.of("roll", "choices", "closes");

  static Plan of(JobContext job) {
    for (String name : job.parameters().keySet()) {
      if (!PARAMETERS.contains(name)) {
        throw invalid(name, "there is no parameter '%s'".formatted(name));
      }
    }
    Dataset roll = job.dataset(job.parameter("roll").strip());
    List<String> choices =
        Arrays.stream(job.parameter("choices").split(",", -1)).map(String::strip).toList();
    if (choices.contains("") || Set.copyOf(choices).size() != choices.size()) {
      throw invalid("choices", "'choices' holds an empty choice, or one twice");
    }
    List<Dataset> ballots =
        job.datasets().stream().filter(dataset -> !dataset.name().equals(roll.name())).toList();
    if (ballots.isEmpty()) {
      throw invalid("roll", "there is no dataset of ballots beside the roll");
    }
    return new Plan(
        roll, choices, job.optionalParameter("closes").map(Plan::time).orElse(null), ballots);
  }

  private static LocalDateTime time(String text) {
    try {
      return LocalDateTime.parse(text.strip().replace("Z", ""));
    } catch (DateTimeException e) {
      throw invalid(
          "closes", "'%s' is no time (UTC) such as 2027-05-01T18:00:00".formatted(text.strip()));
    }
  }

  private static AppException invalid(String parameter, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", parameter));
  }
}
