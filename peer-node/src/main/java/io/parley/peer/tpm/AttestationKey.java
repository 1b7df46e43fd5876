package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.peer.tpm.TpmClient.Loaded;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.RSAPublicKeySpec;
import java.util.HexFormat;
import java.util.Set;

/**
 * The key that signs a TPM's quotes: restricted, so that it signs nothing that did not come from
 * inside, and fixed to its TPM. Derived from the TPM's endorsement seed: the same every time.
 */
final class AttestationKey {
  /** A TPM without P-256 answers one of these. */
  private static final Set<Integer> NO_P256 =
      Set.of(ResponseCode.CURVE, ResponseCode.ASYMMETRIC, ResponseCode.TYPE, ResponseCode.VALUE);

  /** SubjectPublicKeyInfo up to the point of a P-256 key (RFC 5480, section 2). */
  private static final ByteString P256_INFO =
      ByteString.copyFrom(
          HexFormat.of().parseHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"));

  private static final int EXPONENT = 65_537;

  private AttestationKey() {}

  /** Derives it; closing unloads it. */
  static Loaded load(TpmClient tpm) throws IOException {
    try {
      return tpm.createPrimary(Tpm2.RH_ENDORSEMENT, Templates.AK_P256);
    } catch (TpmException e) {
      if (!NO_P256.contains(e.error())) {
        throw e;
      }
      return tpm.createPrimary(Tpm2.RH_ENDORSEMENT, Templates.AK_RSA);
    }
  }

  /** What agreements name it by: SHA-256 over its SubjectPublicKeyInfo. */
  static Digest fingerprint(Loaded key) throws IOException {
    Response in = new Response("CreatePrimary", key.area());
    int type = in.u16("type");
    in.u16("nameAlg");
    in.u32("objectAttributes");
    in.sized("authPolicy", Tpm2.SHA256_BYTES);
    in.u16("symmetric");
    in.u16("scheme");
    in.u16("scheme.hashAlg");
    return type == Tpm2.ALG_ECC ? ofP256(in) : ofRsa(in);
  }

  private static Digest ofP256(Response in) throws IOException {
    in.expect("curveID", in.u16("curveID"), Tpm2.ECC_NIST_P256);
    in.u16("kdf");
    ByteString x = coordinate(in, "x");
    ByteString y = coordinate(in, "y");
    in.end();
    return Digest.of(P256_INFO.concat(x).concat(y));
  }

  private static ByteString coordinate(Response in, String field) throws IOException {
    in.expect(field + ".size", in.u16(field + ".size"), Tpm2.SHA256_BYTES);
    return in.take(field, Tpm2.SHA256_BYTES);
  }

  private static Digest ofRsa(Response in) throws IOException {
    in.u16("keyBits");
    int exponent = in.u32("exponent");
    ByteString modulus = in.sized("unique", TpmTransport.MAX_BYTES);
    in.end();
    try {
      RSAPublicKeySpec key =
          new RSAPublicKeySpec(
              new BigInteger(1, modulus.toByteArray()),
              BigInteger.valueOf(exponent == 0 ? EXPONENT : Integer.toUnsignedLong(exponent)));
      return Digest.of(KeyFactory.getInstance("RSA").generatePublic(key).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new BugException("the TPM's RSA key cannot be encoded", e);
    }
  }
}
