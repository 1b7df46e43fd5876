package io.parley.peer.tpm;

import java.io.IOException;

/** The TPM understood a command and refused it. */
final class TpmException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int code;

  TpmException(String command, int code) {
    super("the TPM refused %s: %s".formatted(command, ResponseCode.describe(code)));
    this.code = code;
  }

  /** TPM_RC without parameter, handle and session numbers, so that it can be compared. */
  int error() {
    return ResponseCode.bare(code);
  }
}
