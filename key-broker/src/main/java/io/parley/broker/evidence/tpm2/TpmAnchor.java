package io.parley.broker.evidence.tpm2;

import io.parley.wire.Digest;

/** Why the key that signed a quote is believed to be a TPM's. */
public sealed interface TpmAnchor {
  /** It sits in one TPM with an endorsement key that a vendor certified. */
  record Activated(AkBinding binding) implements TpmAnchor {}

  /**
   * Somebody who is trusted said so before: the parties by name in their agreement.
   *
   * @param fingerprint SHA-256 over the key's SubjectPublicKeyInfo
   */
  record PinnedKey(Digest fingerprint) implements TpmAnchor {}

  /**
   * The report of a machine that runs the TPM as software, out of its guest's reach, holds the key;
   * whoever makes this has verified the report.
   *
   * @param fingerprint as above
   * @param by what such a report is called
   * @param emulator what such a TPM is called
   */
  record Reported(Digest fingerprint, String by, String emulator) implements TpmAnchor {}

  /** There is no reason. */
  record None() implements TpmAnchor {}
}
