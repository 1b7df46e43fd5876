package io.parley.peer.tpm;

import java.io.IOException;

/**
 * The way to one TPM: a command goes, its answer comes. For one thread at a time. After a failure
 * it is of no use any more: an answer that comes late must not be taken for that of a later
 * command.
 */
interface TpmTransport extends AutoCloseable {
  /** Longest command and answer; TPMs have 4096 (TPM_PT_MAX_RESPONSE_SIZE). */
  int MAX_BYTES = 4096;

  /** Tag, size and code: what every answer begins with. */
  int HEADER_BYTES = 10;

  /**
   * Sends a command and waits for the whole answer.
   *
   * @return as many bytes as the answer's header says, at most {@link #MAX_BYTES}
   * @throws IOException when it does not come in time, ends early, or is longer than it says
   */
  byte[] transmit(byte[] command) throws IOException;

  @Override
  void close();
}
