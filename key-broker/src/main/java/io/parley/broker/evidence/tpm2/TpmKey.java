package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.trust.Octets;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * An attestation key as evidence has it.
 *
 * @param key RSA of 2048 bits or more, or P-256
 * @param area the TPM's own description of it (TPMT_PUBLIC); null where only the bare key is there,
 *     which does not tell what the TPM does with it
 */
public record TpmKey(PublicKey key, @Nullable ByteString area) {
  private static final int MIN_BYTES = 64;
  private static final int MAX_BYTES = 2048;
  private static final int DER_SEQUENCE = 0x30;
  private static final int RSA_BITS_MIN = 2048;
  private static final int RSA_BITS_MAX = 4096;
  private static final int DEFAULT_EXPONENT = 65_537;
  private static final int NAME_ALGORITHM_AT = 2;
  private static final int ATTRIBUTES_AT = 4;
  private static final int AUTH_POLICY_AT = 8;

  /**
   * Reads TPMT_PUBLIC, TPM2B_PUBLIC, or a DER SubjectPublicKeyInfo.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static TpmKey parse(ByteString bytes) {
    if (bytes.size() < MIN_BYTES || bytes.size() > MAX_BYTES) {
      throw malformed("is not %d to %d bytes".formatted(MIN_BYTES, MAX_BYTES));
    }
    if (bytes.byteAt(0) == DER_SEQUENCE) {
      return new TpmKey(fromInfo(bytes), null);
    }
    int first = bytes.asReadOnlyByteBuffer().slice().getShort() & 0xffff;
    ByteString area = bytes.size() > 2 && first == bytes.size() - 2 ? bytes.substring(2) : bytes;
    return new TpmKey(fromArea(area), area);
  }

  /**
   * Reads TPM2B_PUBLIC and no other form.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static TpmKey parseSized(ByteString bytes) {
    Octets in = new Octets("attestation key", bytes, ByteOrder.BIG_ENDIAN);
    ByteString area = in.take("publicArea", in.u16("size"));
    in.end();
    if (area.size() < MIN_BYTES || area.size() > MAX_BYTES) {
      throw malformed("is not %d to %d bytes".formatted(MIN_BYTES, MAX_BYTES));
    }
    return new TpmKey(fromArea(area), area);
  }

  /** SHA-256 over the SubjectPublicKeyInfo: what people name the key by. */
  public Digest fingerprint() {
    return Digest.of(key.getEncoded());
  }

  /** What the TPM knows the key by; null where only the bare key is there. */
  @Nullable ByteString name() {
    return area == null
        ? null
        : area.substring(NAME_ALGORITHM_AT, NAME_ALGORITHM_AT + 2).concat(Digest.of(area).value());
  }

  /** Whether it signs nothing but what the TPM itself made, and never leaves this TPM. */
  boolean isRestrictedAndFixed() {
    if (area == null) {
      return false;
    }
    long attributes =
        Integer.toUnsignedLong(area.asReadOnlyByteBuffer().slice().getInt(ATTRIBUTES_AT));
    long needed =
        Tpm.FIXED_TPM | Tpm.FIXED_PARENT | Tpm.SENSITIVE_DATA_ORIGIN | Tpm.RESTRICTED | Tpm.SIGN;
    return (attributes & needed) == needed && (attributes & Tpm.DECRYPT) == 0;
  }

  /** Whether its TPM signs with RSAPSS, and nothing else, as far as that is there to be read. */
  boolean signsWithPss() {
    if (area == null) {
      return false;
    }
    Octets in = new Octets("attestation key", area, ByteOrder.BIG_ENDIAN);
    in.take("head", AUTH_POLICY_AT);
    in.take("authPolicy", in.u16("authPolicy.size"));
    in.take("symmetric", Short.BYTES);
    return in.u16("scheme") == Tpm.ALG_RSAPSS;
  }

  private static PublicKey fromInfo(ByteString der) {
    X509EncodedKeySpec info = new X509EncodedKeySpec(der.toByteArray());
    PublicKey key;
    try {
      key = KeyFactory.getInstance("RSA").generatePublic(info);
    } catch (GeneralSecurityException notRsa) {
      try {
        key = KeyFactory.getInstance("EC").generatePublic(info);
      } catch (GeneralSecurityException notEcEither) {
        throw malformed("is no RSA or EC key");
      }
    }
    if (!ByteString.copyFrom(key.getEncoded()).equals(der)) {
      throw malformed("is not one DER key and no more");
    }
    return key;
  }

  private static PublicKey fromArea(ByteString area) {
    Octets in = new Octets("attestation key", area, ByteOrder.BIG_ENDIAN);
    int type = in.u16("type");
    if (in.u16("nameAlg") != Tpm.ALG_SHA256) {
      throw malformed("has another nameAlg than SHA-256");
    }
    in.u32("objectAttributes");
    in.take("authPolicy", in.u16("authPolicy.size"));
    if (in.u16("symmetric") != Tpm.ALG_NULL) {
      throw malformed("is no signing key");
    }
    int scheme = in.u16("scheme");
    if (scheme != Tpm.ALG_NULL && in.u16("scheme.hashAlg") != Tpm.ALG_SHA256) {
      throw malformed("signs with another hash than SHA-256");
    }
    PublicKey key =
        switch (type) {
          case Tpm.ALG_RSA -> rsa(in);
          case Tpm.ALG_ECC -> ecc(in);
          default -> throw malformed("is neither RSA nor ECC");
        };
    in.end();
    return key;
  }

  private static PublicKey rsa(Octets in) {
    int bits = in.u16("keyBits");
    long exponent = in.u32("exponent");
    ByteString modulus = in.take("unique", in.u16("unique.size"));
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || modulus.size() * 8 != bits) {
      throw malformed("has not 2048 to 4096 bits, or not as many as it says");
    }
    try {
      return KeyFactory.getInstance("RSA")
          .generatePublic(
              new RSAPublicKeySpec(
                  new BigInteger(1, modulus.toByteArray()),
                  BigInteger.valueOf(exponent == 0 ? DEFAULT_EXPONENT : exponent)));
    } catch (GeneralSecurityException e) {
      throw malformed("is no RSA key");
    }
  }

  private static PublicKey ecc(Octets in) {
    if (in.u16("curveID") != Tpm.ECC_NIST_P256 || in.u16("kdf") != Tpm.ALG_NULL) {
      throw malformed("is not on P-256, or has a KDF");
    }
    ByteString x = coordinate(in, "x");
    ByteString y = coordinate(in, "y");
    try {
      return Signatures.p256Key("attestation key", x.concat(y));
    } catch (NotGenuineException e) {
      throw malformed("is no point of the curve");
    }
  }

  private static ByteString coordinate(Octets in, String field) {
    ByteString value = in.take(field, in.u16(field + ".size"));
    if (value.size() != Tpm.SHA256_BYTES) {
      throw malformed("has a coordinate that is not 32 bytes");
    }
    return value;
  }

  private static RefusedException malformed(String problem) {
    return Octets.malformed("TPM", "attestation key", problem);
  }
}
