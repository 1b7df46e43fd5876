package io.parley.apps.intersect;

import java.util.Locale;

/** What a result tells of the intersection. */
enum Output {
  /** How many distinct keys all datasets have, and no more. */
  CARDINALITY,
  /** The keys themselves, each once, in their order. */
  IDS,
  /** The keys with payload columns: the rows of the inner join. */
  COLUMNS;

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
