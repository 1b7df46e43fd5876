package io.parley.rules;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A query that keeps within the rules, as it is to be run. Immutable.
 *
 * @param sql one SELECT; groups that are too small are not in its result
 * @param parameters what {@code sql} has after a {@code $}
 * @param constants SQL of every constant. One that is no value of its type fails only for the rows
 *     that come to it, and so would tell about them: each must be tried before any row is there
 * @param aggregated whether the result has a row per group
 * @param outputs names of the result's columns
 * @param uses what it does with which columns, whether by a grant or because nothing was stated
 * @param columns what must be there, by dataset; of a dataset that is not named here nothing
 * @param members by dataset with an identity, when the result has a row per group
 */
public record Checked(
    String sql,
    List<Parameter> parameters,
    List<String> constants,
    boolean aggregated,
    List<String> outputs,
    List<Grant> uses,
    Map<String, Set<String>> columns,
    Map<String, Members> members) {
  /**
   * A parameter and the type that its value must be of, for the reason for which constants are
   * tried.
   *
   * @param form SQL of the value, with {@code %s} for its text
   */
  public record Parameter(String name, String type, String form) {
    /** SQL of this value. */
    public String sql(String text) {
      return form.replace("%s", Render.text(text));
    }
  }

  public Checked {
    parameters = List.copyOf(parameters);
    constants = List.copyOf(constants);
    outputs = List.copyOf(outputs);
    uses = List.copyOf(uses);
    columns = Map.copyOf(columns);
    members = Map.copyOf(members);
  }
}
