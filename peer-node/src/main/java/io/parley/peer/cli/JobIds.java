package io.parley.peer.cli;

import io.parley.agreement.JobSpec;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** Jobs' ids as people give them: whole, or their first digits. */
final class JobIds {
  private static final int PREFIX_MIN = 8;

  private JobIds() {}

  /**
   * The whole id.
   *
   * @param known where first digits are looked up; not asked for a whole id
   */
  static String find(String text, Supplier<? extends Collection<String>> known) {
    if (JobSpec.isJobId(text)) {
      return text;
    }
    if (!text.matches("[0-9a-f]{%d,31}".formatted(PREFIX_MIN))) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "'%s' is not a job's id; expected at least its first %d hex digits"
              .formatted(text, PREFIX_MIN));
    }
    List<String> matching = known.get().stream().filter(id -> id.startsWith(text)).toList();
    if (matching.size() == 1) {
      return matching.getFirst();
    }
    throw matching.isEmpty()
        ? new RefusedException(Reason.JOB_NOT_FOUND, "no job's id starts with " + text)
        : new RefusedException(
            Reason.INVALID_REQUEST,
            "%d jobs' ids start with %s; give more digits".formatted(matching.size(), text));
  }
}
