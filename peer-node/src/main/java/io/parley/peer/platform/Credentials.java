package io.parley.peer.platform;

import com.google.protobuf.ByteString;
import java.util.List;

/** The one call to the broker that a platform may need before it can attest. Blocks. */
@FunctionalInterface
public interface Credentials {
  /**
   * A challenge that only a TPM can read which holds both keys (TPM 2.0 Library, Part 1, section
   * 24).
   *
   * @param id names the credential towards the broker
   * @param blob TPM2B_ID_OBJECT
   * @param encryptedSecret TPM2B_ENCRYPTED_SECRET
   */
  record Credential(ByteString id, ByteString blob, ByteString encryptedSecret) {}

  /**
   * What a credential is asked for with.
   *
   * @param ekCertificates of the endorsement key, DER, leaf first
   * @param collateral revocation lists of their issuers, DER
   * @param akPublic the attestation key, TPM2B_PUBLIC
   */
  record Wish(List<ByteString> ekCertificates, List<ByteString> collateral, ByteString akPublic) {
    public Wish {
      ekCertificates = List.copyOf(ekCertificates);
      collateral = List.copyOf(collateral);
    }
  }

  /**
   * Asks for a credential.
   *
   * @throws io.parley.wire.ParleyException what the broker answered, or BROKER_UNAVAILABLE
   */
  Credential create(Wish wish);
}
