package io.parley.identity;

import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * Private keys in files: PKCS#8 in PEM, mode 0600, created once.
 *
 * <p>Failure: RefusedException INVALID_CONFIG when a file is open to others or holds something
 * else; EnvironmentException when it is not there. No message says anything about its content.
 */
public final class KeyFiles {
  // draft-connolly-cfrg-xwing-kem, section 5: the private key is the 32-byte seed.
  private static final ASN1ObjectIdentifier XWING =
      new ASN1ObjectIdentifier("1.3.6.1.4.1.62253.25722");

  private KeyFiles() {}

  /** Creates the file of an Ed25519 key. */
  public static void create(Path file, SigningKey key) {
    byte[] seed = key.copySeed();
    try {
      write(file, EdECObjectIdentifiers.id_Ed25519, seed);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  /** Creates the file of an HPKE key. */
  public static void create(Path file, HpkeKeyPair pair) {
    pair.privateKey()
        .use(bytes -> {
          write(file, oid(pair.publicKey().suite()), bytes);
          return true;
        });
  }

  static void create(Path file, PrivateKey key) {
    byte[] pkcs8 = key.getEncoded();
    try {
      PrivateFiles.createSecret(file, Pem.encode(Pem.PRIVATE_KEY, pkcs8));
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  /** Reads an Ed25519 key. */
  public static SigningKey loadSigning(Path file) {
    PrivateKeyInfo info = info(file);
    if (!info.getPrivateKeyAlgorithm().getAlgorithm().equals(EdECObjectIdentifiers.id_Ed25519)) {
      throw other(file, "an Ed25519 key");
    }
    byte[] seed = inner(file, info);
    try {
      return SigningKey.ofSeed(seed);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  /** Reads an HPKE key, of whatever suite it is. */
  public static HpkeKeyPair loadHpke(Path file) {
    PrivateKeyInfo info = info(file);
    ASN1ObjectIdentifier algorithm = info.getPrivateKeyAlgorithm().getAlgorithm();
    for (HpkeSuite suite : HpkeSuite.values()) {
      if (oid(suite).equals(algorithm)) {
        return HpkeKeyPair.of(suite, Secret.moveFrom(inner(file, info)));
      }
    }
    throw other(file, "an X-Wing or X25519 key");
  }

  /** Reads a P-256 key. */
  static PrivateKey loadEc(Path file) {
    byte[] pem = PrivateFiles.readSecret(file);
    byte[] pkcs8 = Pem.decodeOne(Pem.PRIVATE_KEY, pem, file);
    try {
      return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw other(file, "a P-256 key");
    } finally {
      Arrays.fill(pem, (byte) 0);
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private static ASN1ObjectIdentifier oid(HpkeSuite suite) {
    return switch (suite) {
      case XWING -> XWING;
      case X25519 -> EdECObjectIdentifiers.id_X25519;
    };
  }

  private static void write(Path file, ASN1ObjectIdentifier algorithm, byte[] key) {
    byte[] pkcs8;
    try {
      // RFC 8410 puts an OCTET STRING into the OCTET STRING; the X-Wing draft does not.
      AlgorithmIdentifier id = new AlgorithmIdentifier(algorithm);
      pkcs8 =
          algorithm.equals(XWING)
              ? new PrivateKeyInfo(id, key).getEncoded()
              : new PrivateKeyInfo(id, new DEROctetString(key)).getEncoded();
    } catch (IOException e) {
      throw new BugException("encoding a key in memory failed", e);
    }
    try {
      PrivateFiles.createSecret(file, Pem.encode(Pem.PRIVATE_KEY, pkcs8));
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private static PrivateKeyInfo info(Path file) {
    byte[] pem = PrivateFiles.readSecret(file);
    byte[] pkcs8 = Pem.decodeOne(Pem.PRIVATE_KEY, pem, file);
    try {
      return PrivateKeyInfo.getInstance(pkcs8);
    } catch (IllegalArgumentException e) {
      throw other(file, "a PKCS#8 private key");
    } finally {
      Arrays.fill(pem, (byte) 0);
    }
  }

  private static byte[] inner(Path file, PrivateKeyInfo info) {
    byte[] octets = info.getPrivateKey().getOctets();
    byte[] key = octets;
    try {
      if (!info.getPrivateKeyAlgorithm().getAlgorithm().equals(XWING)) {
        key = ASN1OctetString.getInstance(info.parsePrivateKey()).getOctets();
      }
    } catch (IOException | IllegalArgumentException e) {
      throw other(file, "a key as RFC 8410 writes it");
    }
    if (key.length != HpkeSuite.PRIVATE_KEY_SIZE_BYTES) {
      throw other(file, "a key of 32 bytes");
    }
    return key.clone();
  }

  // One message without a cause: nothing of a key's content may get into a log.
  private static RefusedException other(Path file, String expected) {
    return new RefusedException(
        Reason.INVALID_CONFIG,
        "%s: expected %s, came something else".formatted(file, expected),
        Map.of("file", file.toString()));
  }
}
