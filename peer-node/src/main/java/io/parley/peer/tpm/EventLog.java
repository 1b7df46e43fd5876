package io.parley.peer.tpm;

import io.parley.evidence.MeasuredEvent;
import java.io.IOException;
import java.util.List;

/**
 * Everything that the registers of shims and apps were extended with since they were zero. A log
 * and its TPM go together: {@link #exclusively} keeps everybody else of this process away from
 * both.
 */
interface EventLog {
  /** Work on a TPM that needs the log to stand still. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Extends the TPM's register, and notes it.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE when the registers no longer
   *     hold what was noted
   */
  void extend(TpmClient tpm, MeasuredEvent event) throws IOException;

  /**
   * That the registers hold what was noted; changes nothing.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE when they do not
   */
  void check(TpmClient tpm) throws IOException;

  /** In order. */
  List<MeasuredEvent> events();

  <T> T exclusively(Work<T> work) throws IOException;
}
