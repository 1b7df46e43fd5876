package io.parley.e2e;

import io.grpc.CallOptions;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Caller;
import io.parley.identity.Membership;
import io.parley.identity.NodeIdentity;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.wire.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Stands where the broker should, with the broker's own certificate: hosts take it for the broker.
 * It passes every call on to the real one, in the caller's name, and bends the answers that hold
 * keys as it is told.
 */
final class BrokerInTheMiddle implements AutoCloseable {
  private static final InstantSource CLOCK = InstantSource.system();
  private static final String REQUEST_KEYS =
      KeyServiceGrpc.getRequestKeysMethod().getFullMethodName();

  /** What answers become. */
  volatile UnaryOperator<RequestKeysResponse> bend = UnaryOperator.identity();

  private final MutualTls tls = new MutualTls(CLOCK);
  private final Membership membership;
  private final Map<String, Path> homes;
  private final String real;
  private final Map<Caller, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final Server server;

  /**
   * @param port where the membership list says that the broker is
   * @param real where the real one is
   * @param homes of all parties, by name
   */
  BrokerInTheMiddle(
      int port, String real, Path brokerHome, Membership membership, Map<String, Path> homes)
      throws IOException {
    this.membership = membership;
    this.real = real;
    this.homes = homes;
    BrokerIdentity identity = BrokerIdentity.load(brokerHome.resolve("identity"));
    server =
        Channels.server(
                new InetSocketAddress("127.0.0.1", port),
                tls.server(identity.tls(), () -> membership, MutualTls.WithoutCertificate.REFUSED),
                new ErrorInterceptor((method, failure) -> {}),
                new CallerInterceptor(() -> membership, CLOCK, Set.of()))
            .fallbackHandlerRegistry(new EveryMethod())
            .build()
            .start();
  }

  private void pass(
      MethodDescriptor<byte[], byte[]> method, byte[] request, StreamObserver<byte[]> answer) {
    try {
      byte[] response =
          ClientCalls.blockingUnaryCall(
              channel(CallerInterceptor.caller()),
              method,
              // The real one starts later than this.
              CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(30, TimeUnit.SECONDS),
              request);
      answer.onNext(
          method.getFullMethodName().equals(REQUEST_KEYS)
              ? bend.apply(RequestKeysResponse.parseFrom(response)).toByteArray()
              : response);
      answer.onCompleted();
    } catch (StatusRuntimeException e) {
      answer.onError(Channels.failure(e, Reason.BROKER_UNAVAILABLE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ManagedChannel channel(Caller caller) {
    return channels.computeIfAbsent(
        caller,
        name ->
            Channels.open(
                real, tls, certificate(name), new ExpectedServer.TheBroker(() -> membership)));
  }

  private TlsIdentity certificate(Caller caller) {
    Path home = homes.get(caller.party());
    if (home == null) {
      throw new IllegalStateException("no home of " + caller);
    }
    return caller.role() == Role.NODE
        ? NodeIdentity.load(home.resolve("identity")).tls()
        : TlsIdentity.load(
            home.resolve("clients/operator.crt"), home.resolve("clients/operator.key"));
  }

  @Override
  public void close() throws InterruptedException {
    boolean unused = server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    channels.values().forEach(ManagedChannel::shutdownNow);
  }

  private final class EveryMethod extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
      MethodDescriptor<byte[], byte[]> method =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodType.UNARY)
              .setFullMethodName(name)
              .setRequestMarshaller(new Bytes())
              .setResponseMarshaller(new Bytes())
              .build();
      return ServerMethodDefinition.create(
          method, ServerCalls.asyncUnaryCall((request, answer) -> pass(method, request, answer)));
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
