package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.peer.tpm.EndorsementKeys.Certified;
import io.parley.peer.tpm.TpmClient.Loaded;
import io.parley.wire.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What people need to know about a TPM before they can agree to it. Nothing in it is proven: the
 * key broker judges evidence, not this.
 *
 * @param maker as the TPM says
 * @param issuer of the last certificate that is known here
 * @param root fingerprint of the root certificate; null where it is not known here
 * @param attestationKey fingerprint, as agreements name it
 * @param pcrs the registers that were asked for
 */
public record TpmFacts(
    String maker,
    String issuer,
    @Nullable Digest root,
    Digest attestationKey,
    SortedMap<Integer, Digest> pcrs) {

  static TpmFacts of(TpmSource.Session session, Collection<Integer> pcrs) throws IOException {
    TpmClient tpm = session.tpm();
    X509Certificate top;
    try (Certified endorsement = EndorsementKeys.load(tpm)) {
      List<ByteString> above = session.issuers();
      top = certificate(above.isEmpty() ? endorsement.certificate() : above.getLast());
    }
    boolean isRoot = top.getSubjectX500Principal().equals(top.getIssuerX500Principal());
    try (Loaded key = AttestationKey.load(tpm)) {
      return new TpmFacts(
          maker(tpm),
          top.getIssuerX500Principal().getName(),
          isRoot ? Digest.of(encoded(top)) : null,
          AttestationKey.fingerprint(key),
          tpm.pcrs(pcrs));
    }
  }

  private static String maker(TpmClient tpm) throws IOException {
    int count = Tpm2.PT_VENDOR_STRING_1 - Tpm2.PT_MANUFACTURER + Tpm2.PT_VENDOR_STRINGS;
    List<Integer> words = tpm.properties(Tpm2.PT_MANUFACTURER, count);
    ByteBuffer text = ByteBuffer.allocate(count * Integer.BYTES);
    words.forEach(text::putInt);
    String all = StandardCharsets.US_ASCII.decode(text.flip()).toString();
    String maker = all.substring(0, Integer.BYTES);
    return "%s %s".formatted(printable(maker), printable(all.substring(Integer.BYTES))).strip();
  }

  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "").strip();
  }

  private static X509Certificate certificate(ByteString der) throws IOException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der.toByteArray()));
    } catch (CertificateException e) {
      throw new IOException("the endorsement key's certificate cannot be read: " + e, e);
    }
  }

  private static byte[] encoded(X509Certificate certificate) throws IOException {
    try {
      return certificate.getEncoded();
    } catch (CertificateException e) {
      throw new IOException("a certificate cannot be encoded", e);
    }
  }
}
