package io.parley.agreement;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When jobs may be started and keys released, beside an agreement's end.
 *
 * @param notBefore by the broker's clock; null: from the start
 * @param notAfter not at or after it; null: to the end
 * @param jobsPerDay how many jobs may be started in one day of UTC; 0: no number
 */
public record Window(@Nullable Instant notBefore, @Nullable Instant notAfter, int jobsPerDay) {
  /** No window: at any time. */
  public static final Window ALWAYS = new Window(null, null, 0);

  /** Whether it is open at this instant; how many jobs there were is another question. */
  public boolean isOpen(Instant now) {
    return (notBefore == null || !now.isBefore(notBefore))
        && (notAfter == null || now.isBefore(notAfter));
  }

  /** Whether it leaves nothing out. */
  public boolean isAlways() {
    return equals(ALWAYS);
  }
}
