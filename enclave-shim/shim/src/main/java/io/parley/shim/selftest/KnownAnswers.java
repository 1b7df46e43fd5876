package io.parley.shim.selftest;

import io.parley.wire.Digest;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Provider;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.conscrypt.Conscrypt;

/** The providers that the shim uses give the published answers. */
final class KnownAnswers {
  private static final HexFormat HEX = HexFormat.of();
  private static final int GCM_TAG_BITS = 128;

  private KnownAnswers() {}

  static String all() throws GeneralSecurityException {
    Provider conscrypt = Conscrypt.newProvider();
    require("SHA-256", sha256(Digest.newSha256()));
    require("SHA-256 by Conscrypt", sha256(MessageDigest.getInstance("SHA-256", conscrypt)));
    require("AES-256-GCM", aesGcm(conscrypt));
    require("HKDF-SHA256", hkdf());
    require("Ed25519", ed25519());
    return EnvironmentTests.PASSED;
  }

  private static void require(String what, boolean right) throws GeneralSecurityException {
    if (!right) {
      throw new GeneralSecurityException(what + " gives a wrong answer");
    }
  }

  /** FIPS 180-4, "abc". */
  private static boolean sha256(MessageDigest sha256) {
    return Arrays.equals(
        sha256.digest(new byte[] {'a', 'b', 'c'}),
        HEX.parseHex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  }

  /** The GCM specification (McGrew and Viega), test case 14; then the tag must matter. */
  private static boolean aesGcm(Provider provider) throws GeneralSecurityException {
    SecretKeySpec key = new SecretKeySpec(new byte[32], "AES");
    GCMParameterSpec nonce = new GCMParameterSpec(GCM_TAG_BITS, new byte[12]);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", provider);
    cipher.init(Cipher.ENCRYPT_MODE, key, nonce);
    byte[] sealed = cipher.doFinal(new byte[16]);
    boolean right =
        Arrays.equals(
            sealed,
            HEX.parseHex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
    sealed[sealed.length - 1] ^= 1;
    try {
      cipher.init(Cipher.DECRYPT_MODE, key, nonce);
      cipher.doFinal(sealed);
      return false;
    } catch (javax.crypto.AEADBadTagException e) {
      return right;
    }
  }

  /**
   * RFC 5869, test case 1, by the implementation that derives record keys. The JDK's own KDF is not
   * used, and its first call takes more than a second in a fresh process.
   */
  private static boolean hkdf() {
    byte[] input = new byte[22];
    Arrays.fill(input, (byte) 0x0b);
    HKDFBytesGenerator hkdf = new HKDFBytesGenerator(new SHA256Digest());
    hkdf.init(
        new HKDFParameters(
            input,
            HEX.parseHex("000102030405060708090a0b0c"),
            HEX.parseHex("f0f1f2f3f4f5f6f7f8f9")));
    byte[] okm = new byte[42];
    hkdf.generateBytes(okm, 0, okm.length);
    return Arrays.equals(
        okm,
        HEX.parseHex(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
  }

  /** RFC 8032, section 7.1, test 1. */
  private static boolean ed25519() {
    byte[] seed = HEX.parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
    Ed25519.sign(seed, 0, new byte[0], 0, 0, signature, 0);
    return Arrays.equals(
        signature,
        HEX.parseHex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
  }
}
