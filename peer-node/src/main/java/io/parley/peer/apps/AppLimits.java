package io.parley.peer.apps;

import io.parley.evidence.Manifest;

/** How large an app may be. */
public final class AppLimits {
  /** All files together. */
  public static final long MAX_BYTES = 1L << 30;

  /** Number of files. */
  public static final int MAX_FILES = Manifest.MAX_FILES;

  /** A packed app: its files, and at most this much around each of them. */
  public static final long MAX_PACKED_BYTES = MAX_BYTES + MAX_FILES * 4096L;

  static final int MAX_DESCRIPTION_BYTES = 64 << 10;

  private AppLimits() {}
}
