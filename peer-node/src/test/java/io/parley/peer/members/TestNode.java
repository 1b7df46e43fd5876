package io.parley.peer.members;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.parley.identity.Broker;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.NodeIdentity;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A node that knows membership only, on loopback, with the TLS of the real one. */
final class TestNode implements AutoCloseable {
  static final Set<String> OPEN = Set.of("parley.peer.v1.ConsortiumService/Join");

  final MembershipStore members;
  final MembershipSync sync;
  private final Server server;
  private final NodeIdentity identity;
  private final MutualTls tls;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  TestNode(Path home, String address, Clock clock) throws IOException {
    Path folder = home.resolve("consortium");
    this.identity = NodeIdentity.load(home.resolve("identity"));
    this.members = MembershipStore.open(folder);
    this.tls = new MutualTls(clock);
    this.sync = new MembershipSync(identity.party(), folder, members, connections());
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    this.server =
        Channels.server(
                new InetSocketAddress("127.0.0.1", port),
                tls.server(identity.tls(), members, MutualTls.WithoutCertificate.MAY_KNOCK),
                new ErrorInterceptor((method, failure) -> {}),
                new CallerInterceptor(members, clock, OPEN))
            .addService(
                ConsortiumService.of(
                    identity.party(), folder, members, sync, clock, new SecureRandom()))
            .build()
            .start();
    sync.start();
  }

  Membership current() {
    return members.current();
  }

  private Connections connections() {
    return new Connections() {
      @Override
      public Channel peer(Member member) {
        return channels.computeIfAbsent(
            member.name(),
            name ->
                Channels.open(
                    member.address(),
                    tls,
                    identity.tls(),
                    new ExpectedServer.NodeOf(name, members)));
      }

      @Override
      public Channel broker(Broker broker) {
        return channels.computeIfAbsent(
            "broker",
            _ ->
                Channels.open(
                    broker.address(), tls, identity.tls(), new ExpectedServer.TheBroker(members)));
      }
    };
  }

  @Override
  public void close() {
    sync.close();
    server.shutdownNow();
    channels.values().forEach(ManagedChannel::shutdownNow);
    try {
      if (!server.awaitTermination(5, java.util.concurrent.TimeUnit.SECONDS)) {
        throw new AssertionError("server did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
