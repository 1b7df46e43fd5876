package io.parley.transport;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Tells which certificate the server showed on the connection that an answer came over: a channel
 * may have had another connection a moment ago. For one call; thread-safe.
 */
public final class ShownCertificate implements ClientInterceptor {
  private final AtomicReference<@Nullable Digest> seen = new AtomicReference<>();

  /**
   * SHA-256 over its DER.
   *
   * @throws RefusedException UNAUTHENTICATED when no answer came over TLS
   */
  public Digest sha256() {
    Digest shown = seen.get();
    if (shown == null) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "no answer came over TLS, so nobody has shown a certificate");
    }
    return shown;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onHeaders(Metadata answered) {
                seen.set(leaf(getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION)));
                super.onHeaders(answered);
              }
            },
            headers);
      }
    };
  }

  private static @Nullable Digest leaf(@Nullable SSLSession session) {
    if (session == null) {
      return null;
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length == 0 ? null : Digest.of(chain[0].getEncoded());
    } catch (SSLPeerUnverifiedException | CertificateEncodingException e) {
      return null;
    }
  }
}
