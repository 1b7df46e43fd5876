package io.parley.peer.cli;

import io.parley.agreement.Parameter;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.Queries;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a job, and the app after it, would say of the parameters of a query. */
final class QueryArguments {
  /** All but the query, whatever the case of their names. */
  private final Map<String, Parameter> known = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  private final Map<String, String> set;

  /**
   * @param set what the job would set; what is missing may come yet
   */
  QueryArguments(List<Parameter> parameters, Map<String, String> set) {
    this.set = new TreeMap<>(set);
    parameters.stream()
        .filter(parameter -> !parameter.name().equals(Queries.PARAMETER))
        .forEach(parameter -> known.put(parameter.name(), parameter));
  }

  /** The value, if it is known already. */
  Optional<String> value(String name) {
    return switch (known.get(name)) {
      case Parameter.Fixed fixed -> Optional.of(fixed.value());
      case Parameter.Free free -> Optional.ofNullable(set.get(free.name()));
      case null -> Optional.empty();
    };
  }

  /**
   * @param used names after a {@code $} in the query
   */
  List<String> problems(Collection<String> used) {
    List<String> problems = new ArrayList<>();
    for (String name : used) {
      if (!known.containsKey(name)) {
        problems.add("the query uses $%s, which is no parameter of the agreement".formatted(name));
      }
    }
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    names.addAll(used);
    known.keySet().stream()
        .filter(name -> !names.contains(name))
        .forEach(name -> problems.add("the query does not use parameter '%s'".formatted(name)));
    set.forEach((name, value) -> {
      if (known.get(name) instanceof Parameter.Free free && free.name().equals(name)) {
        ParameterValues.problem(free, value)
            .ifPresent(wrong -> problems.add("parameter '%s' %s".formatted(name, wrong)));
      } else {
        problems.add("a job cannot set a parameter '%s'".formatted(name));
      }
    });
    return problems;
  }
}
