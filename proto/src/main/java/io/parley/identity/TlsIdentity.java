package io.parley.identity;

import io.parley.wire.Conscrypted;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A certificate with its private key: what one end of a TLS channel shows.
 *
 * <p>Guarantee: the key is the certificate's, and the certificate was issued by the CA beside it.
 * Immutable; never prints the key.
 *
 * @param leaf the holder's own
 * @param ca its issuer, sent along so that who joins can pin it
 */
public record TlsIdentity(X509Certificate leaf, CaCertificate ca, PrivateKey key) {
  /**
   * @throws RefusedException INVALID_CONFIG when the parts do not belong together
   */
  public TlsIdentity {
    Caller caller = Callers.parse(leaf);
    try {
      leaf.verify(ca.x509().getPublicKey(), Conscrypted.PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "certificate of %s was not issued by the CA beside it".formatted(caller),
          Map.of("caller", caller.toString()),
          e);
    }
    requirePair(leaf, key, caller.toString());
  }

  static void requirePair(X509Certificate certificate, PrivateKey key, String whose) {
    byte[] probe = {'p', 'a', 'i', 'r'};
    try {
      Signature signer = Signature.getInstance("SHA256withECDSA", Conscrypted.PROVIDER);
      signer.initSign(key);
      signer.update(probe);
      byte[] signature = signer.sign();
      signer.initVerify(certificate.getPublicKey());
      signer.update(probe);
      if (signer.verify(signature)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      // Said below; a private key's failure may not get into a log.
    }
    throw new RefusedException(
        Reason.INVALID_CONFIG,
        "private key does not belong to the certificate of " + whose,
        Map.of("caller", whose));
  }

  /** Who the certificate says this is. */
  public Caller caller() {
    return Callers.parse(leaf);
  }

  /** SHA-256 over the DER of the leaf: how evidence names what this end shows. */
  public Digest leafSha256() {
    return Digest.of(CaCertificate.der(leaf));
  }

  /** Leaf first. */
  public List<X509Certificate> chain() {
    return List.of(leaf, ca.x509());
  }

  /**
   * Creates both files.
   *
   * @throws RefusedException ALREADY_EXISTS when one is there; nothing is overwritten
   */
  public void write(Path certificateFile, Path keyFile) {
    KeyFiles.create(keyFile, key);
    PrivateFiles.createPublic(certificateFile, pem());
  }

  /**
   * Puts this certificate in the place of an older one over the same key, in one step: whoever
   * loads the two files has the old certificate or the new one, also after a crash.
   */
  void replace(Path certificateFile) {
    PrivateFiles.replacePublic(certificateFile, pem());
  }

  private byte[] pem() {
    return Pem.encode(
        Pem.CERTIFICATE,
        CaCertificate.der(leaf).toByteArray(),
        CaCertificate.der(ca.x509()).toByteArray());
  }

  /**
   * Reads both files.
   *
   * @throws RefusedException INVALID_CONFIG when they do not hold a leaf, its CA and its key, or
   *     the key is open to others
   */
  public static TlsIdentity load(Path certificateFile, Path keyFile) {
    List<X509Certificate> chain = certificates(certificateFile);
    if (chain.size() != 2) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "%s holds %d certificates; expected the holder's, then its CA's"
              .formatted(certificateFile, chain.size()),
          Map.of("file", certificateFile.toString()));
    }
    return new TlsIdentity(
        chain.getFirst(), new CaCertificate(chain.getLast()), KeyFiles.loadEc(keyFile));
  }

  static List<X509Certificate> certificates(Path file) {
    List<X509Certificate> chain = new ArrayList<>();
    for (byte[] der : Pem.decode(Pem.CERTIFICATE, PrivateFiles.readPublic(file), file)) {
      try {
        chain.add(
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der)));
      } catch (CertificateException e) {
        throw new RefusedException(
            Reason.INVALID_CONFIG,
            "%s: expected X.509 certificates, came something else".formatted(file),
            Map.of("file", file.toString()),
            e);
      }
    }
    return chain;
  }

  @Override
  public String toString() {
    return "TlsIdentity[" + caller() + "]";
  }
}
