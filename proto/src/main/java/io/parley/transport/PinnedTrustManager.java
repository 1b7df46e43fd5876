package io.parley.transport;

import io.parley.wire.ParleyException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Hands a chain to our own check. Extended, so that no library adds a check of host names: names
 * are in the certificates' URIs.
 */
final class PinnedTrustManager extends X509ExtendedTrustManager {
  /** Throws a {@link ParleyException} when the chain is not good. */
  interface ChainCheck {
    void check(List<X509Certificate> chain);
  }

  private static final int MAX_CHAIN = 4;

  private final @Nullable ChainCheck clients;
  private final @Nullable ChainCheck servers;

  private PinnedTrustManager(@Nullable ChainCheck clients, @Nullable ChainCheck servers) {
    this.clients = clients;
    this.servers = servers;
  }

  static PinnedTrustManager ofClients(ChainCheck check) {
    return new PinnedTrustManager(check, null);
  }

  static PinnedTrustManager ofServers(ChainCheck check) {
    return new PinnedTrustManager(null, check);
  }

  private static void check(@Nullable ChainCheck check, X509Certificate @Nullable [] chain)
      throws CertificateException {
    if (check == null || chain == null || chain.length == 0 || chain.length > MAX_CHAIN) {
      throw new CertificateException("expected a chain of 1 to %d here".formatted(MAX_CHAIN));
    }
    try {
      check.check(List.of(chain));
    } catch (ParleyException e) {
      throw new CertificateException(e.getMessage(), e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    check(clients, chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    check(clients, chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    check(clients, chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    check(servers, chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    check(servers, chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    check(servers, chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    // No hints in the handshake: the list of members is not for strangers.
    return new X509Certificate[0];
  }
}
