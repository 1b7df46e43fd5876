package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.BugException;
import io.parley.wire.Conscrypted;
import io.parley.wire.Reason;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.jspecify.annotations.Nullable;

/** Signatures as the vendors write them. Stateless. */
public final class Signatures {
  /** ECDSA over P-256 with SHA-256, r and s as 32 bytes each. */
  public static final String P256 = "SHA256withECDSAinP1363Format";

  /** ECDSA over P-384 with SHA-384, r and s as 48 bytes each. */
  public static final String P384 = "SHA384withECDSAinP1363Format";

  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  public static final String RSA = "SHA256withRSA";

  /** RSASSA-PSS with SHA-256, and as many bytes of salt, or as many as fit: older TPMs do that. */
  public static final String RSA_PSS = "RSASSA-PSS";

  private static final int SHA256_BYTES = 32;
  private static final int P256_BITS = 256;
  private static final int P384_BITS = 384;
  private static final byte UNCOMPRESSED = 4;

  private Signatures() {}

  /**
   * Checks an ECDSA signature in r || s form.
   *
   * @param algorithm {@link #P256} or {@link #P384}
   * @throws NotGenuineException EVIDENCE_SIGNATURE_WRONG
   */
  public static void checkEcdsa(
      String what, String algorithm, PublicKey key, ByteString signed, ByteString signature)
      throws NotGenuineException {
    int bits = algorithm.equals(P256) ? P256_BITS : P384_BITS;
    boolean good =
        signature.size() == 2 * bits / Byte.SIZE
            && key instanceof ECPublicKey ec
            && ec.getParams().getCurve().getField().getFieldSize() == bits
            && verifies(algorithm, key, signed, signature);
    if (!good) {
      throw wrong(what, algorithm);
    }
  }

  /** Whether this is a signature over these bytes; false for keys of another type. */
  public static boolean verifies(
      String algorithm, PublicKey key, ByteString signed, ByteString signature) {
    return switch (algorithm) {
      case P256 -> ecdsa("SHA256withECDSA", key, signed, signature);
      case P384 -> ecdsa("SHA384withECDSA", key, signed, signature);
      case RSA_PSS ->
          key instanceof RSAPublicKey rsa
              && (rsa(algorithm, pss(SHA256_BYTES), key, signed, signature)
                  || rsa(algorithm, pss(mostSalt(rsa)), key, signed, signature));
      default -> rsa(algorithm, null, key, signed, signature);
    };
  }

  /**
   * By Conscrypt, which checks P-384 five times as fast as the JDK. It takes r and s as DER only,
   * and this is the one DER form that they have.
   */
  private static boolean ecdsa(
      String algorithm, PublicKey key, ByteString signed, ByteString signature) {
    int half = signature.size() / 2;
    try {
      byte[] der =
          new DERSequence(
                  new ASN1Encodable[] {
                    new ASN1Integer(new BigInteger(1, signature.substring(0, half).toByteArray())),
                    new ASN1Integer(new BigInteger(1, signature.substring(half).toByteArray()))
                  })
              .getEncoded();
      Signature verifier = Signature.getInstance(algorithm, Conscrypted.PROVIDER);
      verifier.initVerify(key);
      verifier.update(signed.asReadOnlyByteBuffer());
      return signature.size() % 2 == 0 && verifier.verify(der);
    } catch (InvalidKeyException | SignatureException e) {
      return false;
    } catch (NoSuchAlgorithmException | IOException e) {
      throw new BugException("Conscrypt has no " + algorithm, e);
    }
  }

  private static PSSParameterSpec pss(int saltBytes) {
    return new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, saltBytes, 1);
  }

  /** RFC 8017, section 9.1.1: what the hash and two bytes leave of the encoded message. */
  private static int mostSalt(RSAPublicKey key) {
    int encodedBytes = (key.getModulus().bitLength() - 1 + Byte.SIZE - 1) / Byte.SIZE;
    return encodedBytes - SHA256_BYTES - 2;
  }

  private static boolean rsa(
      String algorithm,
      @Nullable PSSParameterSpec parameters,
      PublicKey key,
      ByteString signed,
      ByteString signature) {
    try {
      Signature verifier = Signature.getInstance(algorithm);
      if (parameters != null) {
        verifier.setParameter(parameters);
      }
      verifier.initVerify(key);
      verifier.update(signed.asReadOnlyByteBuffer());
      return verifier.verify(signature.toByteArray());
    } catch (InvalidKeyException | SignatureException e) {
      return false;
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new BugException("the JDK has no " + algorithm, e);
    }
  }

  /** The refusal of a signature. */
  public static NotGenuineException wrong(String what, String algorithm) {
    return new NotGenuineException(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        what + ".signature",
        "it is not signed by the key that its certificates name, or was changed since",
        "a signature with " + algorithm,
        "one that does not verify");
  }

  /**
   * A P-256 key from x || y; the point is on the curve.
   *
   * @throws NotGenuineException EVIDENCE_SIGNATURE_WRONG when it is not
   */
  public static PublicKey p256Key(String what, ByteString xy) throws NotGenuineException {
    byte[] point = new byte[1 + xy.size()];
    point[0] = UNCOMPRESSED;
    xy.copyTo(point, 1);
    try {
      // Bouncy Castle checks that the point is on the curve, which the JDK leaves to others.
      var _ = CustomNamedCurves.getByName("P-256").getCurve().decodePoint(point);
      byte[] info =
          new SubjectPublicKeyInfo(
                  new AlgorithmIdentifier(
                      X9ObjectIdentifiers.id_ecPublicKey, SECObjectIdentifiers.secp256r1),
                  point)
              .getEncoded();
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info));
    } catch (IllegalArgumentException | GeneralSecurityException | IOException e) {
      throw new NotGenuineException(
          Reason.EVIDENCE_SIGNATURE_WRONG,
          what + ".key",
          "its key is no point of the curve",
          "a P-256 key",
          "something else");
    }
  }
}
