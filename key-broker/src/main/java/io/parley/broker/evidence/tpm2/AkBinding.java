package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;

/**
 * A TPM has shown that it holds both this attestation key and a certified endorsement key. Made by
 * {@link CredentialActivation} only.
 */
public final class AkBinding {
  private final ByteString name;
  private final String root;
  private final String emulator;

  AkBinding(ByteString name, String root, String emulator) {
    this.name = name;
    this.root = root;
    this.emulator = emulator;
  }

  /** The attestation key's, as the TPM knows it. */
  ByteString name() {
    return name;
  }

  /** The name of the root that the endorsement key's certificate leads to. */
  public String root() {
    return root;
  }

  /** Which emulation the endorsement key is of; empty for a TPM that its vendor made. */
  public String emulator() {
    return emulator;
  }
}
