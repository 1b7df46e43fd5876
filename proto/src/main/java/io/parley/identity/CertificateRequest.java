package io.parley.identity;

import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Map;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A wish for a certificate by whoever made a key where the CA is not: PKCS#10 (RFC 2986) in PEM,
 * with the {@code parley:} URI as the one subject's alternative name that it asks for.
 *
 * <p>Guarantee of {@link #parse}: whoever made it holds the P-256 key, and asks for that name. Not
 * guaranteed: that it may have that name, which whoever issues decides. Immutable.
 *
 * @param holder who it wants to be
 * @param key its public key
 */
public record CertificateRequest(Caller holder, PublicKey key) {

  static byte[] encode(Caller holder, KeyPair pair) {
    try {
      ExtensionsGenerator wanted = new ExtensionsGenerator();
      wanted.addExtension(
          Extension.subjectAlternativeName,
          true,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, holder.uri())));
      PKCS10CertificationRequest request =
          new JcaPKCS10CertificationRequestBuilder(
                  CertificateAuthority.subject(holder), pair.getPublic())
              .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, wanted.generate())
              .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()));
      return Pem.encode(Pem.CERTIFICATE_REQUEST, request.getEncoded());
    } catch (IOException | OperatorCreationException e) {
      throw new BugException("making a certificate request failed", e);
    }
  }

  /**
   * From a file.
   *
   * @throws RefusedException INVALID_CONFIG when it is no such request, or not signed by its key
   */
  public static CertificateRequest parse(Path file) {
    byte[] der = Pem.decodeOne(Pem.CERTIFICATE_REQUEST, PrivateFiles.readPublic(file), file);
    try {
      JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = request.getPublicKey();
      if (!CaCertificate.isP256(key)) {
        throw refused(file, "a P-256 key");
      }
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw refused(file, "a signature by its own key");
      }
      return new CertificateRequest(holder(request, file), key);
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | IllegalArgumentException e) {
      throw refused(file, "a PKCS#10 request");
    }
  }

  private static Caller holder(PKCS10CertificationRequest request, Path file) {
    var wanted = request.getRequestedExtensions();
    GeneralNames names =
        wanted == null
            ? null
            : GeneralNames.fromExtensions(wanted, Extension.subjectAlternativeName);
    if (names == null
        || names.getNames().length != 1
        || names.getNames()[0].getTagNo() != GeneralName.uniformResourceIdentifier) {
      throw refused(file, "one parley: URI as the subject's alternative name");
    }
    return Caller.parse(names.getNames()[0].getName().toString());
  }

  private static RefusedException refused(Path file, String expected) {
    return new RefusedException(
        Reason.INVALID_CONFIG,
        "%s: expected %s, came something else".formatted(file, expected),
        Map.of("file", file.toString()));
  }
}
