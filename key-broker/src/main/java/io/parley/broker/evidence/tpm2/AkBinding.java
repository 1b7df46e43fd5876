package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;

/**
 * A TPM has shown that it holds both this attestation key and a certified endorsement key. Made by
 * {@link CredentialActivation} only.
 */
public final class AkBinding {
  private final ByteString name;
  private final String root;

  AkBinding(ByteString name, String root) {
    this.name = name;
    this.root = root;
  }

  /** The attestation key's, as the TPM knows it. */
  ByteString name() {
    return name;
  }

  /** The name of the root that the endorsement key's certificate leads to. */
  public String root() {
    return root;
  }
}
