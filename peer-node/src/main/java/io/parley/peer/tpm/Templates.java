package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** What keys of a TPM are derived from: TPMT_PUBLIC with nothing in place of the key. */
final class Templates {
  private static final int MAX_BYTES = 512;
  private static final int RSA_BITS = 2048;
  private static final int RSA_HIGH_BITS = 3072;
  private static final int AES_BITS = 128;
  private static final int AES_HIGH_BITS = 256;
  private static final int P256_BYTES = 32;

  /**
   * PolicyA: whoever knows the endorsement hierarchy's password (TCG EK Credential Profile, version
   * 2.3, B.6.2).
   */
  private static final byte[] POLICY_A =
      HexFormat.of().parseHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");

  /** PolicyB: PolicyA with SHA-384, or an administrator's (TCG EK Credential Profile, B.6.3). */
  private static final byte[] POLICY_B =
      HexFormat.of()
          .parseHex(
              "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"
                  + "cb47ba09699646150f9fc000f3f80e12");

  private static final int EK_ATTRIBUTES =
      Tpm2.FIXED_TPM
          | Tpm2.FIXED_PARENT
          | Tpm2.SENSITIVE_DATA_ORIGIN
          | Tpm2.ADMIN_WITH_POLICY
          | Tpm2.RESTRICTED
          | Tpm2.DECRYPT;

  private static final int AK_ATTRIBUTES =
      Tpm2.FIXED_TPM
          | Tpm2.FIXED_PARENT
          | Tpm2.SENSITIVE_DATA_ORIGIN
          | Tpm2.USER_WITH_AUTH
          | Tpm2.NO_DA
          | Tpm2.RESTRICTED
          | Tpm2.SIGN;

  /** An endorsement key of the low range, RSA (B.3.3, template L-1). */
  static final ByteString EK_RSA = ekRsa();

  /** An endorsement key of the low range, P-256 (B.3.4, template L-2). */
  static final ByteString EK_P256 = ekP256();

  /** An endorsement key of the high range, P-384 (template H-3). */
  static final ByteString EK_P384 = ekP384();

  /** An endorsement key of the high range, RSA 3072 (template H-6). */
  static final ByteString EK_RSA_3072 = ekRsa3072();

  /** An attestation key: signs what the TPM itself made, and nothing else. */
  static final ByteString AK_P256 = akP256();

  /** The same for a TPM without P-256. */
  static final ByteString AK_RSA = akRsa();

  private Templates() {}

  private static ByteString ekRsa() {
    ByteBuffer out = endorsement(Tpm2.ALG_RSA);
    out.putShort((short) RSA_BITS).putInt(0);
    return done(out.putShort((short) (RSA_BITS / Byte.SIZE)).put(new byte[RSA_BITS / Byte.SIZE]));
  }

  private static ByteString ekP256() {
    ByteBuffer out = endorsement(Tpm2.ALG_ECC);
    out.putShort((short) Tpm2.ECC_NIST_P256).putShort((short) Tpm2.ALG_NULL);
    out.putShort((short) P256_BYTES).put(new byte[P256_BYTES]);
    return done(out.putShort((short) P256_BYTES).put(new byte[P256_BYTES]));
  }

  private static ByteString ekP384() {
    ByteBuffer out = highEndorsement(Tpm2.ALG_ECC);
    out.putShort((short) Tpm2.ECC_NIST_P384).putShort((short) Tpm2.ALG_NULL);
    return done(out.putShort((short) 0).putShort((short) 0));
  }

  private static ByteString ekRsa3072() {
    ByteBuffer out = highEndorsement(Tpm2.ALG_RSA);
    return done(out.putShort((short) RSA_HIGH_BITS).putInt(0).putShort((short) 0));
  }

  private static ByteString akP256() {
    ByteBuffer out = attestation(Tpm2.ALG_ECC, Tpm2.ALG_ECDSA);
    out.putShort((short) Tpm2.ECC_NIST_P256).putShort((short) Tpm2.ALG_NULL);
    return done(out.putShort((short) 0).putShort((short) 0));
  }

  private static ByteString akRsa() {
    ByteBuffer out = attestation(Tpm2.ALG_RSA, Tpm2.ALG_RSASSA);
    return done(out.putShort((short) RSA_BITS).putInt(0).putShort((short) 0));
  }

  private static ByteBuffer endorsement(int type) {
    ByteBuffer out = start(type, Tpm2.ALG_SHA256, EK_ATTRIBUTES);
    return storage(out, POLICY_A, AES_BITS);
  }

  private static ByteBuffer highEndorsement(int type) {
    ByteBuffer out = start(type, Tpm2.ALG_SHA384, EK_ATTRIBUTES | Tpm2.USER_WITH_AUTH);
    return storage(out, POLICY_B, AES_HIGH_BITS);
  }

  private static ByteBuffer storage(ByteBuffer out, byte[] policy, int aesBits) {
    out.putShort((short) policy.length).put(policy);
    out.putShort((short) Tpm2.ALG_AES).putShort((short) aesBits).putShort((short) Tpm2.ALG_CFB);
    return out.putShort((short) Tpm2.ALG_NULL);
  }

  private static ByteBuffer attestation(int type, int scheme) {
    ByteBuffer out = start(type, Tpm2.ALG_SHA256, AK_ATTRIBUTES);
    out.putShort((short) 0).putShort((short) Tpm2.ALG_NULL);
    return out.putShort((short) scheme).putShort((short) Tpm2.ALG_SHA256);
  }

  private static ByteBuffer start(int type, int nameHash, int attributes) {
    ByteBuffer out = ByteBuffer.allocate(MAX_BYTES);
    return out.putShort((short) type).putShort((short) nameHash).putInt(attributes);
  }

  private static ByteString done(ByteBuffer out) {
    return ByteString.copyFrom(out.flip());
  }
}
