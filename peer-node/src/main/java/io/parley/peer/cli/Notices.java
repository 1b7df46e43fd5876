package io.parley.peer.cli;

import java.io.PrintStream;

/** Lines for a person, on stderr, unless they asked for quiet. */
final class Notices {
  private final PrintStream err;
  private final GlobalOptions options;

  Notices(PrintStream err, GlobalOptions options) {
    this.err = err;
    this.options = options;
  }

  void say(String line) {
    if (!options.quiet) {
      err.println(line);
    }
  }

  /** Shown with --quiet too: what a person must not miss. */
  void warn(String line) {
    err.println(line);
  }
}
