package io.parley.broker.evidence.tpm2;

import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.Reason;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;

/**
 * Which algorithms an endorsement key's template goes with (TCG EK Credential Profile, version 2.5,
 * annex B): the hash of its name, which is that of every derivation, and AES for its secrets.
 */
enum EkStrength {
  /** RSA 2048 and P-256: templates L-1, L-2, H-1, H-2. */
  SHA256("SHA-256", "HmacSHA256", MGF1ParameterSpec.SHA256, 32, 16),
  /** RSA 3072 and P-384: templates H-3, H-6. */
  SHA384("SHA-384", "HmacSHA384", MGF1ParameterSpec.SHA384, 48, 32);

  final String hash;
  final String mac;
  final MGF1ParameterSpec maskGeneration;
  final int hashBytes;
  final int aesKeyBytes;

  EkStrength(
      String hash, String mac, MGF1ParameterSpec maskGeneration, int hashBytes, int aesKeyBytes) {
    this.hash = hash;
    this.mac = mac;
    this.maskGeneration = maskGeneration;
    this.hashBytes = hashBytes;
    this.aesKeyBytes = aesKeyBytes;
  }

  /**
   * Of a key of this type and size.
   *
   * @throws NotGenuineException EVIDENCE_CHAIN_WRONG for any other
   */
  static EkStrength of(PublicKey endorsement) throws NotGenuineException {
    return switch (endorsement) {
      case RSAPublicKey rsa when rsa.getModulus().bitLength() == 2048 -> SHA256;
      case RSAPublicKey rsa when rsa.getModulus().bitLength() == 3072 -> SHA384;
      case ECPublicKey ec when bits(ec) == 256 -> SHA256;
      case ECPublicKey ec when bits(ec) == 384 -> SHA384;
      default ->
          throw new NotGenuineException(
              Reason.EVIDENCE_CHAIN_WRONG,
              "EK.key",
              "no credential can be made for a key of this type",
              "RSA 2048, RSA 3072, P-256 or P-384",
              endorsement.getAlgorithm());
    };
  }

  /** Of a curve: its coordinates, and what two parties agree on over it. */
  int coordinateBytes() {
    return hashBytes;
  }

  private static int bits(ECPublicKey key) {
    return key.getParams().getCurve().getField().getFieldSize();
  }
}
