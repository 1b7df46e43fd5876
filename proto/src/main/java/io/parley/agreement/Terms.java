package io.parley.agreement;

import io.parley.wire.Digest;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * For how long an agreement holds, how often it may be used, and how it may be replaced. Whether
 * the numbers are within their limits is for {@link Agreement} to check.
 *
 * @param parent digest of the agreement that this one replaces; null when it replaces none
 * @param expires no key is released at or after it, by the broker's clock
 * @param maxJobs how many jobs may ever be started
 * @param window when they may be
 */
public record Terms(
    ChangeRule changes, @Nullable Digest parent, Instant expires, int maxJobs, Window window) {
  public Terms {
    Objects.requireNonNull(changes, "changes");
    Objects.requireNonNull(expires, "expires");
    Objects.requireNonNull(window, "window");
  }

  /** Of an agreement that replaces none, for jobs at any time. */
  public static Terms of(ChangeRule changes, Instant expires, int maxJobs) {
    return new Terms(changes, null, expires, maxJobs, Window.ALWAYS);
  }
}
