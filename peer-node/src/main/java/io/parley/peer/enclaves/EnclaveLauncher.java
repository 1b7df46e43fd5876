package io.parley.peer.enclaves;

import io.parley.wire.Digest;

/**
 * Starts enclaves on this machine. Thread-safe; {@link #close} ends every enclave that is left and
 * removes what was staged.
 */
public interface EnclaveLauncher extends AutoCloseable {
  /**
   * Starts an enclave and waits until its shim has connected.
   *
   * @throws io.parley.wire.EnvironmentException SANDBOX_UNAVAILABLE when this machine cannot
   *     isolate (the message says what to run), ENCLAVE_CRASHED when the shim ended before it
   *     connected, TIMEOUT when it did not connect in time
   */
  Enclave launch(EnclaveRequest request);

  /** The digest over all that is launched: jars, runtime, libraries, argv, environment, filters. */
  Digest shimDigest();

  /** The isolation level, as evidence names it: {@code bwrap}. */
  String isolation();

  @Override
  void close();
}
