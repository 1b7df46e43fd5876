package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.policy.platform.Comparison.Outcome;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/** Collects the comparisons of one policy, all of them: people want to see every difference. */
final class Comparisons {
  private static final String NOTHING = "nothing that is allowed";

  private final List<Comparison> all = new ArrayList<>();

  <T> void equal(Reason reason, String claim, Expected<T> expected, T seen, String advice) {
    that(reason, claim, expected, seen, Object::equals, "", advice);
  }

  /**
   * @param holds given an expected value and what was seen
   * @param how goes before the expected values, such as "at least "
   */
  <T, S> void that(
      Reason reason,
      String claim,
      Expected<T> expected,
      S seen,
      BiPredicate<T, S> holds,
      String how,
      String advice) {
    all.add(
        switch (expected) {
          case Expected.OneOf<T>(List<T> values, String source) ->
              new Comparison(
                  claim,
                  values.isEmpty() ? NOTHING : how + joined(values),
                  text(seen),
                  source,
                  values.stream().anyMatch(value -> holds.test(value, seen))
                      ? Outcome.HOLDS
                      : Outcome.DIFFERS,
                  reason,
                  advice);
          case Expected.Unchecked<T>(String because) ->
              new Comparison(
                  claim, "anything", text(seen), because, Outcome.NOT_COMPARED, reason, advice);
        });
  }

  List<Comparison> all() {
    return List.copyOf(all);
  }

  private static String joined(List<?> values) {
    return values.stream().map(Comparisons::text).collect(Collectors.joining(" or "));
  }

  private static String text(Object value) {
    return value instanceof ByteString bytes ? Hex.of(bytes) : value.toString();
  }
}
