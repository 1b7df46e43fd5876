package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads who a certificate is about. Says nothing about who signed it ({@link CertificateCheck}).
 */
public final class Callers {
  private static final int MAX_NAMES = 8;
  // GeneralName choices, RFC 5280 section 4.2.1.6.
  private static final int DNS_NAME = 2;
  private static final int URI = 6;

  private Callers() {}

  /**
   * The one {@code parley:} URI among the subject's alternative names. Beside it only host names
   * may stand, and only for servers.
   *
   * @throws RefusedException UNAUTHENTICATED for anything else
   */
  public static Caller parse(X509Certificate certificate) {
    @Nullable Collection<List<?>> names;
    try {
      names = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "certificate's alternative names cannot be read", Map.of(), e);
    }
    if (names == null || names.size() > MAX_NAMES) {
      throw refused();
    }
    List<?> uris = names.stream().filter(n -> n.getFirst().equals(URI)).toList();
    long hosts = names.stream().filter(n -> n.getFirst().equals(DNS_NAME)).count();
    if (uris.size() != 1 || uris.size() + hosts != names.size()) {
      throw refused();
    }
    Caller caller = Caller.parse(String.valueOf(((List<?>) uris.getFirst()).get(1)));
    if (hosts > 0 && caller.role() != Role.NODE && caller.role() != Role.BROKER) {
      throw refused();
    }
    return caller;
  }

  private static RefusedException refused() {
    return new RefusedException(
        Reason.UNAUTHENTICATED,
        "certificate must name exactly one parley: URI as its subject's alternative name");
  }
}
