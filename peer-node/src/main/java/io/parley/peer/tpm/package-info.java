/**
 * A client for TPM 2.0 (TCG, TPM 2.0 Library, revision 1.59), as much of it as attestation needs:
 * commands and answers as bytes, over a socket of an emulator or the kernel's device.
 */
@NullMarked
package io.parley.peer.tpm;

import org.jspecify.annotations.NullMarked;
