package io.parley.gate;

import java.time.Duration;

/** How large a verification set may be, and how long it may run. */
public final class GateLimits {
  /** The exact bytes of a set. One frame of the link to an enclave holds it, sealed. */
  public static final int SET_BYTES_MAX = 2 << 20;

  /** Sets that an owner has for the app, or for one step, of an agreement at a time. */
  public static final int SETS_MAX = 16;

  /** Sets that an owner has for all steps of an agreement's chain. */
  public static final int SETS_OF_CHAIN_MAX = 64;

  /** Days for which a step that passed is certified, where its set says nothing else. */
  public static final int CERTIFY_DAYS_DEFAULT = 7;

  public static final int CERTIFY_DAYS_MAX = 90;

  /** Rows of one expected result. */
  public static final int ROWS_MAX = 100_000;

  /** Findings that are told. */
  public static final int FINDINGS_MAX = 64;

  public static final int FINDING_CHARS_MAX = 256;

  /** Time for an app on a set that says nothing else. */
  public static final Duration TIME_DEFAULT = Duration.ofMinutes(2);

  public static final Duration TIME_MAX = Duration.ofMinutes(10);

  static final int SALT_BYTES = 32;
  static final int FINDINGS_BYTES_MAX = 16 << 10;
  static final int ORDER_BYTES_MAX = SET_BYTES_MAX + (16 << 10);

  private GateLimits() {}
}
