package io.parley.broker.evidence.tdx;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.trust.Octets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Intel's list of levels, the newest first; the first that is reached counts. */
final class TcbLevels {
  private static final int MAX_LEVELS = 256;
  private static final int MAX_ADVISORIES = 256;

  private final String what;
  private final List<JsonNode> levels;

  TcbLevels(String what, JsonNode of) {
    this.what = what;
    JsonNode list = SignedJson.list(what, of, "tcbLevels");
    if (list.size() > MAX_LEVELS) {
      throw Octets.malformed(what, "tcbLevels", "are more than %d".formatted(MAX_LEVELS));
    }
    List<JsonNode> all = new ArrayList<>();
    list.forEach(all::add);
    this.levels = List.copyOf(all);
  }

  /** A level that was reached. */
  record Level(TcbStatus status, String date, Set<String> advisories) {}

  /**
   * The first level whose requirements are met.
   *
   * @param reached given a level's "tcb" object
   */
  Optional<Level> first(Predicate<JsonNode> reached) {
    for (JsonNode level : levels) {
      if (reached.test(level.path("tcb"))) {
        return Optional.of(level(level));
      }
    }
    return Optional.empty();
  }

  /** The first level that this version of an enclave or module reaches. */
  Optional<Level> bySvn(int svn) {
    return first(tcb -> svn >= SignedJson.number(what, tcb, "isvsvn"));
  }

  private Level level(JsonNode level) {
    TcbStatus status =
        TcbStatus.parse(SignedJson.text(what, level, "tcbStatus"))
            .orElseThrow(() -> Octets.malformed(what, "tcbStatus", "is not known"));
    Set<String> advisories = new TreeSet<>();
    for (JsonNode advisory : level.path("advisoryIDs")) {
      if (advisories.size() == MAX_ADVISORIES) {
        throw Octets.malformed(what, "advisoryIDs", "are more than %d".formatted(MAX_ADVISORIES));
      }
      advisories.add(advisory.asText());
    }
    return new Level(status, SignedJson.text(what, level, "tcbDate"), advisories);
  }
}
