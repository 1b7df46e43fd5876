package io.parley.peer.cli;

/**
 * One line of a check-up.
 *
 * @param todo what to do about it; empty when nothing
 */
record Finding(Level level, String check, String detail, String todo) {
  enum Level {
    OK,
    /** It works, but not for long, or not as well as it could. */
    WARN,
    /** Something will not work. */
    FAIL
  }

  static Finding ok(String check, String detail) {
    return new Finding(Level.OK, check, detail, "");
  }

  static Finding warn(String check, String detail, String todo) {
    return new Finding(Level.WARN, check, detail, todo);
  }

  static Finding fail(String check, String detail, String todo) {
    return new Finding(Level.FAIL, check, detail, todo);
  }
}
