package io.parley.broker.evidence.nitro;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NitroClaims;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A well-formed attestation document; nothing in it has been checked.
 *
 * @param protectedHeader as it was encoded: it is signed
 * @param payload as it was encoded: it is signed
 * @param signature r || s, 48 bytes each
 * @param chain the leaf first, the root last
 * @param unverified what it says
 */
public record NitroDocument(
    ByteString protectedHeader,
    ByteString payload,
    ByteString signature,
    List<X509Certificate> chain,
    NitroClaims unverified) {
  public NitroDocument {
    chain = List.copyOf(chain);
  }
}
