package io.parley.agreement;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What goes with a result about the conditions that it was, and is, held to. It follows from the
 * agreement alone, and so says nothing about whether a condition left anything out.
 */
public final class ResultNotices {
  private ResultNotices() {}

  /** In the order in which they are to be read; empty where there are none. */
  public static List<String> of(Agreement agreement, String result) {
    ResultRule rule = agreement.result(result);
    long ofAll = StepConditions.minGroup(agreement.results());
    if (agreement.chain() == null || rule.shape().minGroup() == ofAll) {
      return of(agreement.datasets(), rule, agreement.queries());
    }
    // What steps hand on keeps to the largest of all.
    return of(
        agreement.datasets(),
        new ResultRule(
            rule.name(),
            rule.recipients(),
            rule.maxRows(),
            new Shape(ofAll, new TreeMap<>(rule.shape().rounding()), rule.shape().schema())),
        agreement.queries());
  }

  /** As {@link #of(Agreement, String)}, for an agreement that is not drafted yet. */
  public static List<String> of(List<Dataset> datasets, ResultRule result, Queries queries) {
    return of(datasets, result.name(), result.shape(), result.keep(), queries);
  }

  /** As {@link #of(Agreement, String)}, for what need not be a result: a step may read it. */
  public static List<String> of(
      List<Dataset> datasets, String result, Shape shape, Keep keep, Queries queries) {
    List<String> notices = new ArrayList<>();
    long least = shape.minGroup();
    if (least > 0) {
      String identities =
          datasets.stream()
              .filter(dataset -> dataset.usage().hasIdentity())
              .map(dataset -> dataset.name() + "." + dataset.usage().identity())
              .collect(Collectors.joining(" or "));
      notices.add(
          "Groups of fewer than %d distinct %s are left out of '%s', if there are any; so are groups with a figure that rests on fewer, or for which a join counts a row of a dataset more than once."
              .formatted(least, identities, result));
    }
    if (!shape.rounding().isEmpty()) {
      notices.add("Numbers in '%s' are rounded: %s.".formatted(result, rounding(shape, queries)));
    }
    switch (keep) {
      case Keep.AsNode() -> {}
      case Keep.UntilRead() ->
          notices.add(
              "'%s' is handed out once: your node deletes it when it has been read."
                  .formatted(result));
      case Keep.AtMost(Duration time) ->
          notices.add("Nodes delete '%s' after %s.".formatted(result, Lengths.text(time)));
    }
    return notices;
  }

  private static String rounding(Shape shape, Queries queries) {
    List<String> parts = new ArrayList<>();
    for (Map.Entry<String, Rounding> entry : shape.rounding().entrySet()) {
      String what =
          !entry.getKey().equals(Rounding.ALL)
              ? "'" + entry.getKey() + "'"
              : queries == Queries.WITHIN_RULES
                  ? "every aggregate"
                  : shape.rounding().size() == 1 ? "every number" : "every other number";
      parts.add("%s to multiples of %s".formatted(what, entry.getValue().text()));
    }
    return String.join(", ", parts);
  }
}
