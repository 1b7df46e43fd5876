package io.parley.transport;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.SslContext;
import io.parley.identity.TlsIdentity;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** gRPC over {@link MutualTls}, with the limits that all channels of ours have. Thread-safe. */
public final class Channels {
  /** Largest message, either way. */
  public static final int MAX_MESSAGE_BYTES = 8 << 20;

  /** Largest headers or trailers, either way. */
  public static final int MAX_METADATA_BYTES = 16 << 10;

  // A dead peer is noticed within about five seconds.
  private static final long KEEP_ALIVE_SECONDS = 2;
  private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 3;
  private static final long HANDSHAKE_SECONDS = 10;
  private static final int MAX_CALLS_PER_CONNECTION = 256;
  private static final int MAX_CAUSES = 20;
  private static final Pattern ALERT = Pattern.compile("ALERT_([A-Z_]{1,60})");

  private Channels() {}

  /**
   * A channel to this address that talks to {@code server} only. Connects with the first call.
   *
   * @param address {@code host:port}
   */
  public static ManagedChannel open(
      String address, MutualTls tls, TlsIdentity identity, ExpectedServer server) {
    return builder(address, tls.client(identity, server), server).build();
  }

  /** A channel without a certificate, to ask to join. */
  public static ManagedChannel openAsStranger(
      String address, MutualTls tls, ExpectedServer.Pinned server) {
    return builder(address, tls.stranger(server), server).build();
  }

  private static NettyChannelBuilder builder(
      String address, SslContext context, ExpectedServer server) {
    return NettyChannelBuilder.forTarget("dns:///" + address)
        .sslContext(context)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .maxInboundMetadataSize(MAX_METADATA_BYTES)
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .intercept(new StillExpected(server));
  }

  /** A server with our limits; services are added by the caller. Interceptors run in this order. */
  public static NettyServerBuilder server(
      InetSocketAddress address,
      SslContext context,
      ErrorInterceptor errors,
      ServerInterceptor callers) {
    return NettyServerBuilder.forAddress(address)
        .sslContext(context)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .maxInboundMetadataSize(MAX_METADATA_BYTES)
        .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
        .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveTime(1, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        // gRPC runs the one that was added last first.
        .intercept(callers)
        .intercept(errors);
  }

  /**
   * What a failed call means: the other side's {@link ParleyException}; UNAUTHENTICATED when one
   * side refused the other's certificate; otherwise an environment failure with {@code otherwise}.
   */
  public static ParleyException failure(Throwable failure, Reason otherwise) {
    @Nullable Throwable cause = failure;
    for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
      if (cause instanceof ParleyException own) {
        return own;
      }
      if (cause instanceof SSLException) {
        // The one thing that TLS tells about why the other side hung up.
        Matcher alert = ALERT.matcher(String.valueOf(cause.getMessage()));
        if (alert.find()) {
          return refusedByOther(alert.group(1).toLowerCase(Locale.ROOT).replace('_', ' '), failure);
        }
      }
    }
    return GrpcStatuses.fromGrpc(failure, otherwise);
  }

  private static ParleyException refusedByOther(String alert, Throwable cause) {
    return new RefusedException(
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: %s); its membership list may not have this certificate's party, or the certificate expired or is for another use"
            .formatted(alert),
        Map.of("alert", alert),
        cause);
  }

  /** Fails a call on an open channel once its server's party was removed. */
  private record StillExpected(ExpectedServer server) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      try {
        server.checkStillExpected();
      } catch (ParleyException e) {
        throw GrpcStatuses.toGrpc(e);
      }
      return next.newCall(method, options);
    }
  }
}
