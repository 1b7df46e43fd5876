package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import java.nio.charset.StandardCharsets;

/**
 * DSSE version 1 with Ed25519 (github.com/secure-systems-lab/dsse, protocol.md). The signature is
 * over the pre-authentication encoding, so a payload of one type is never one of another.
 */
public final class Dsse {
  /** Agreements. */
  public static final String AGREEMENT_TYPE = "application/vnd.parley.agreement.v1+protobuf";

  /** Membership lists. */
  public static final String MEMBERSHIP_TYPE = "application/vnd.parley.membership.v1+protobuf";

  /** Receipts. */
  public static final String RECEIPT_TYPE = "application/vnd.parley.receipt.v1+protobuf";

  private Dsse() {}

  /**
   * {@code "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload}; LEN counts bytes, in ASCII
   * decimal.
   */
  public static ByteString pae(String payloadType, ByteString payload) {
    int typeBytes = payloadType.getBytes(StandardCharsets.UTF_8).length;
    return ByteString.copyFromUtf8(
            "DSSEv1 %d %s %d ".formatted(typeBytes, payloadType, payload.size()))
        .concat(payload);
  }

  /** Signs; {@code keyId} is the signer's name. */
  public static DsseSignature sign(
      String payloadType, ByteString payload, String keyId, SigningKey key) {
    return new DsseSignature(keyId, key.signExact(pae(payloadType, payload)));
  }

  /** Whether this key signed this payload as this type. */
  public static boolean verify(
      String payloadType, ByteString payload, DsseSignature signature, VerifyingKey key) {
    return key.verifyExact(pae(payloadType, payload), signature.sig());
  }
}
