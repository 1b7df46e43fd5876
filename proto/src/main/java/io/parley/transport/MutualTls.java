package io.parley.transport;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.parley.identity.CertificateCheck;
import io.parley.identity.Membership;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.Provider;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3 between hosts, by Conscrypt, with certificates on both sides that are checked against the
 * membership list as it is at that moment.
 *
 * <p>Guarantee: no other TLS version; a stranger's, an expired or a removed member's certificate
 * fails the handshake. Not guaranteed: that a member stays one while the channel is open, for which
 * {@link CallerInterceptor} looks again at every call; that keys are exchanged with X25519MLKEM768,
 * which is Conscrypt's first choice, where the other side does not know it. Thread-safe.
 */
public final class MutualTls {
  /** What a server does with a client that shows no certificate. */
  public enum WithoutCertificate {
    /** The handshake fails. */
    REFUSED,
    /**
     * The handshake goes through, and {@link CallerInterceptor} lets the client make the calls that
     * are open to all, and no other. A certificate that is shown must still be a member's.
     */
    MAY_KNOCK
  }

  private static final String PROTOCOL = "TLSv1.3";
  private static final int ONE = 1;

  private final InstantSource clock;
  private final Provider provider;

  /**
   * @throws EnvironmentException SANDBOX_UNAVAILABLE when Conscrypt has no library for this machine
   */
  public MutualTls(InstantSource clock) {
    this.clock = clock;
    if (!Conscrypt.isAvailable()) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "Conscrypt has no native library for %s on %s; use x86-64 or arm64 Linux with glibc"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    this.provider = Conscrypt.newProviderBuilder().provideTrustManager(false).build();
  }

  /** For a server. */
  public SslContext server(
      TlsIdentity identity, Supplier<Membership> members, WithoutCertificate strangers) {
    PinnedTrustManager trust =
        PinnedTrustManager.ofClients(chain ->
            CertificateCheck.verify(
                chain, members.get()::caOf, CertificateCheck.Use.CLIENT, clock.instant()));
    ClientAuth auth =
        switch (strangers) {
          case REFUSED -> ClientAuth.REQUIRE;
          case MAY_KNOCK -> ClientAuth.OPTIONAL;
        };
    return build(
        SslContextBuilder.forServer(new OwnKeyManager(identity))
            .trustManager(trust)
            .clientAuth(auth));
  }

  /** For a server that only its own party's node may reach: others fail the handshake. */
  public SslContext server(TlsIdentity identity, OwnNode node) {
    return build(
        SslContextBuilder.forServer(new OwnKeyManager(identity))
            .trustManager(PinnedTrustManager.ofClients(chain -> node.check(chain, clock.instant())))
            .clientAuth(ClientAuth.REQUIRE));
  }

  /**
   * For a client.
   *
   * @throws RefusedException INVALID_CONFIG when the certificate is a broker's or an enclave
   *     server's, which call nobody
   */
  public SslContext client(TlsIdentity identity, ExpectedServer server) {
    Role role = identity.caller().role();
    if (role == Role.BROKER || role == Role.ENCLAVE) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "a %s's certificate is for its server, not for calls".formatted(role.text()));
    }
    return clientContext(identity, server);
  }

  /** For a client that has no member's certificate: who asks to join. */
  public SslContext stranger(ExpectedServer.Pinned server) {
    return clientContext(null, server);
  }

  private SslContext clientContext(@Nullable TlsIdentity identity, ExpectedServer server) {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .trustManager(
                PinnedTrustManager.ofServers(chain -> server.check(chain, clock.instant())))
            // The URI names who it is; the host name is only how to get there.
            .endpointIdentificationAlgorithm("");
    if (identity != null) {
      builder.keyManager(new OwnKeyManager(identity));
    }
    return build(builder);
  }

  private SslContext build(SslContextBuilder builder) {
    try {
      // configure() sets the protocols too, so ours must come after it.
      return GrpcSslContexts.configure(builder, provider)
          .protocols(PROTOCOL)
          // A resumed session would skip the check of the certificate.
          .sessionCacheSize(ONE)
          .sessionTimeout(ONE)
          .build();
    } catch (SSLException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot set up TLS 1.3 with Conscrypt", Map.of(), e);
    }
  }
}
