package io.parley.peer.broker;

import java.util.List;

/** What came of judging the broker's evidence. */
public sealed interface Judgement {
  /** One line for each claim, for people; may be empty. */
  List<String> table();

  /**
   * Genuine, about what was asked, and as demanded.
   *
   * @param claims every claim by its name, as JSON
   */
  record Accepted(String claims, List<String> table) implements Judgement {
    public Accepted {
      table = List.copyOf(table);
    }
  }

  /**
   * Checked, and bad.
   *
   * @param reason of the check that failed, UPPER_SNAKE
   */
  record Refused(
      String reason, String claim, String advice, String expected, String seen, List<String> table)
      implements Judgement {
    public Refused {
      table = List.copyOf(table);
    }
  }

  /** Could not be checked: not the same as bad, and never as good. */
  record Unchecked(String reason, String why, List<String> table) implements Judgement {
    public Unchecked {
      table = List.copyOf(table);
    }
  }
}
