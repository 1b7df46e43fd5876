package io.parley.apps.sql;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.rules.ParameterTypes;
import io.parley.rules.PlainCheck;
import io.parley.rules.PlainQuery;
import io.parley.rules.RuleException;
import io.parley.sdk.AppException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** A query of an agreement without conditions, and values for the parameters of any. */
final class QueryCheck {
  private static final Pattern PARAMETER_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

  private QueryCheck() {}

  /**
   * Checks and pairs parameters with values.
   *
   * @param tree what {@code json_serialize_sql} says about {@code text}
   * @throws AppException INVALID_QUERY or INVALID_PARAMETER, saying what to change
   */
  static Query check(
      String text,
      JsonNode tree,
      Collection<String> datasets,
      Map<String, String> values,
      ParameterTypes types) {
    try {
      PlainQuery plain = PlainCheck.check(tree, datasets);
      return new Query(text, bind(plain.parameters(), values, types), plain.words(), Map.of());
    } catch (RuleException e) {
      throw new AppException(e.violations().getFirst().rule(), e.text());
    }
  }

  /**
   * A value for each parameter, and a parameter for each value.
   *
   * @throws AppException INVALID_PARAMETER
   */
  static Map<String, Argument> bind(
      Collection<String> parameters, Map<String, String> values, ParameterTypes types) {
    Map<String, Argument> bound = new HashMap<>();
    Set<String> unused = new TreeSet<>(values.keySet());
    for (String parameter : parameters) {
      List<String> names = values.keySet().stream().filter(parameter::equalsIgnoreCase).toList();
      if (!PARAMETER_NAME.matcher(parameter).matches() || names.size() != 1) {
        throw parameter(
            parameter,
            "the query uses $%s; name exactly one parameter '%s' in the agreement"
                .formatted(parameter, parameter));
      }
      String value = values.getOrDefault(names.getFirst(), "");
      bound.put(parameter, new Argument(value, types.sql(parameter)));
      unused.removeAll(names);
    }
    for (String name : unused) {
      throw parameter(
          name, "the query does not use parameter '%s'; write $%s".formatted(name, name));
    }
    return bound;
  }

  private static AppException parameter(String name, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", name));
  }
}
