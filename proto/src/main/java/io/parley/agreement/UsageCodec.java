package io.parley.agreement;

import io.parley.proto.agreement.v1.Aggregate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Usage conditions and the shapes of results, to and from messages. */
final class UsageCodec {
  private UsageCodec() {}

  static io.parley.proto.agreement.v1.Usage toMessage(Usage usage) {
    io.parley.proto.agreement.v1.Usage.Builder message =
        io.parley.proto.agreement.v1.Usage.newBuilder()
            .addAllJoin(usage.join())
            .addAllGroup(usage.group())
            .addAllFilter(usage.filter())
            .addAllList(usage.list())
            .setIdentity(usage.identity());
    usage
        .aggregate()
        .forEach((column, functions) ->
            message.addAggregate(
                Aggregate.newBuilder().setColumn(column).addAllFunctions(functions)));
    return message.build();
  }

  /** One column that comes twice is two sets of functions in one, which is no byte form. */
  static Usage fromMessage(io.parley.proto.agreement.v1.Usage message) {
    TreeMap<String, List<String>> aggregate = new TreeMap<>();
    for (Aggregate of : message.getAggregateList()) {
      aggregate
          .computeIfAbsent(of.getColumn(), _ -> new ArrayList<>())
          .addAll(of.getFunctionsList());
    }
    return new Usage(
        message.getJoinList(),
        message.getGroupList(),
        aggregate,
        message.getFilterList(),
        message.getListList(),
        message.getIdentity());
  }

  static io.parley.proto.agreement.v1.Budget toMessage(Budget budget) {
    return io.parley.proto.agreement.v1.Budget.newBuilder()
        .setQueries(budget.queries())
        .setPerSeconds(budget.per().toSeconds())
        .build();
  }

  /** A message without a number is no byte form: it would say the same as none. */
  static Budget fromMessage(io.parley.proto.agreement.v1.Budget message) {
    // What no number of seconds is, is refused as any that is too large.
    long seconds = message.getPerSeconds() < 0 ? Long.MAX_VALUE : message.getPerSeconds();
    return new Budget(message.getQueries(), Duration.ofSeconds(seconds));
  }

  static Map<String, String> rounding(Shape shape) {
    return shape.rounding().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().text()));
  }

  static Shape shape(io.parley.proto.agreement.v1.Result result, List<Column> schema) {
    TreeMap<String, Rounding> rounding = new TreeMap<>();
    result.getRoundingMap().forEach((name, step) -> rounding.put(name, Rounding.parse(step)));
    return new Shape(result.getMinGroup(), rounding, schema);
  }
}
