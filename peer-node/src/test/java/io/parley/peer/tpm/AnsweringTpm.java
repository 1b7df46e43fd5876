package io.parley.peer.tpm;

/** A way to a TPM that is somebody else's to close. */
@FunctionalInterface
interface AnsweringTpm extends TpmTransport {
  @Override
  default void close() {}
}
