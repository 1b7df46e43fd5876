package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Values for parameters: every free one is given a value of its type, and nothing else is given.
 */
public final class ParameterValues {
  private ParameterValues() {}

  /**
   * The fixed values and the given ones.
   *
   * @throws io.parley.wire.RefusedException INVALID_PARAMETER that lists every problem; values are
   *     not in the message
   */
  public static SortedMap<String, String> all(
      List<Parameter> parameters, Map<String, String> given) {
    Problems problems = new Problems();
    check(problems, parameters, given);
    problems.throwIfAny(Reason.INVALID_PARAMETER, "parameters");
    TreeMap<String, String> all = new TreeMap<>(given);
    for (Parameter parameter : parameters) {
      if (parameter instanceof Parameter.Fixed fixed) {
        all.put(fixed.name(), fixed.value());
      }
    }
    return Collections.unmodifiableSortedMap(all);
  }

  /** The types of those that have one other than text: values are handed on as text. */
  public static SortedMap<String, ColumnType> types(List<Parameter> parameters) {
    TreeMap<String, ColumnType> types = new TreeMap<>();
    for (Parameter parameter : parameters) {
      if (parameter instanceof Parameter.Free free && !free.type().equals(ColumnType.VARCHAR)) {
        types.put(free.name(), free.type());
      }
    }
    return Collections.unmodifiableSortedMap(types);
  }

  /** What a job would be told of a value; the value is not in it. Empty when it is fine. */
  public static Optional<String> problem(Parameter.Free parameter, String value) {
    return ParameterText.wrong(parameter, value);
  }

  static void check(Problems problems, List<Parameter> parameters, Map<String, String> given) {
    TreeMap<String, String> left = new TreeMap<>(given);
    for (Parameter parameter : parameters) {
      ParameterText.check(problems, parameter, left);
    }
    left.keySet()
        .forEach(name ->
            problems.add(name, "is no parameter of this agreement" + suggestion(name, parameters)));
  }

  private static String suggestion(String came, List<Parameter> known) {
    return known.isEmpty()
        ? "; it has none"
        : Suggestions.forName(came, known.stream().map(Parameter::name).toList());
  }
}
