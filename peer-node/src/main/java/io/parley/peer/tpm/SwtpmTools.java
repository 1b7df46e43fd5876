package io.parley.peer.tpm;

import io.parley.peer.machine.HostTools;
import io.parley.wire.Reason;

/** The emulator's programs. */
final class SwtpmTools {
  private static final String PURPOSE = "'tpm: swtpm' in parley.yaml needs it";

  private SwtpmTools() {}

  static String emulator() {
    return HostTools.find("swtpm", "swtpm", Reason.PLATFORM_UNAVAILABLE, PURPOSE);
  }

  static String setup() {
    return HostTools.find("swtpm_setup", "swtpm-tools", Reason.PLATFORM_UNAVAILABLE, PURPOSE);
  }

  static String authority() {
    return HostTools.find("swtpm_localca", "swtpm-tools", Reason.PLATFORM_UNAVAILABLE, PURPOSE);
  }
}
