package io.parley.peer.grpc;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.handler.ssl.SslContext;
import io.parley.identity.Caller;
import io.parley.identity.Membership;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's one gRPC port, for clients, peers and who wants to join: TLS 1.3, callers pinned to
 * the membership list, the role table, health and reflection.
 */
public final class NodeServer implements AutoCloseable {
  /** The one method that is open to who has no certificate of a member. */
  static final String JOIN = "parley.peer.v1.ConsortiumService/Join";

  private static final Logger LOG = LoggerFactory.getLogger(NodeServer.class);
  private static final long CLOSE_SECONDS = 2;

  private final Server server;
  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

  /** Starts to serve. */
  public NodeServer(
      InetSocketAddress at,
      SslContext tls,
      String party,
      Supplier<Membership> membership,
      InstantSource clock,
      List<BindableService> services) {
    NettyServerBuilder builder =
        Channels.server(
            at,
            tls,
            new ErrorInterceptor((method, failure) ->
                LOG.atError().addKeyValue("method", method).setCause(failure).log("call failed")),
            new CallerInterceptor(membership, clock, Set.of(JOIN)));
    Roles roles = new Roles(party, NodeServer::callerOrNull);
    builder.executor(calls);
    services.forEach(s -> builder.addService(ServerInterceptors.intercept(s, roles)));
    builder.addService(ServerInterceptors.intercept(health.getHealthService(), roles));
    builder.addService(ServerInterceptors.intercept(ProtoReflectionServiceV1.newInstance(), roles));
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot listen on %s: %s; is another node running?".formatted(at, cause(e)),
          Map.of("address", at.toString()),
          e);
    }
  }

  private static String cause(IOException e) {
    return e.getCause() == null ? e.toString() : e.getCause().toString();
  }

  private static @Nullable Caller callerOrNull() {
    try {
      return CallerInterceptor.caller();
    } catch (RefusedException e) {
      return null;
    }
  }

  public int port() {
    return server.getPort();
  }

  /** Refuses new calls, and breaks off those that take longer than a moment. */
  @Override
  public void close() {
    health.enterTerminalState();
    server.shutdown();
    try {
      if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
        if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          LOG.atWarn().log("the gRPC server has not ended in time");
        }
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    } finally {
      calls.shutdownNow();
    }
  }
}
