package io.parley.peer.cli;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A log as files in place of the broker's, as options say it. */
final class LogFiles {
  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "A log as files: of 'log export', or log/ of a broker's home. Needs no network.")
  @Nullable Path dir;

  @Option(
      names = "--broker",
      paramLabel = "FILE|LINE",
      description =
          "With files: the broker that must have signed, as 'broker show' writes it; then no party's"
              + " home is needed. Default: the membership list's.")
  @Nullable String broker;

  /**
   * That no broker is named when it is the home's that is asked.
   *
   * @param files whether files are given
   */
  void requireBrokerWith(boolean files) {
    if (broker != null && !files) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "--broker says whose files they are; give --dir, too");
    }
  }
}
