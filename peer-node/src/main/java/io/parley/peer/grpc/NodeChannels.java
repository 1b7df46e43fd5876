package io.parley.peer.grpc;

import io.grpc.ManagedChannel;
import io.parley.identity.Broker;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.TlsIdentity;
import io.parley.peer.members.Connections;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Channels of this node to other nodes and to the broker: one each, opened at the first call, and
 * anew when the membership list names another address. Thread-safe.
 */
public final class NodeChannels implements Connections, AutoCloseable {
  private record Open(String address, ManagedChannel channel) {}

  private static final String BROKER = "broker/";

  private final TlsIdentity identity;
  private final MutualTls tls;
  private final Supplier<Membership> membership;
  private final Map<String, Open> open = new HashMap<>();
  private boolean closed;

  public NodeChannels(TlsIdentity identity, MutualTls tls, Supplier<Membership> membership) {
    this.identity = identity;
    this.tls = tls;
    this.membership = membership;
  }

  @Override
  public ManagedChannel peer(Member member) {
    return channel(
        member.name(), member.address(), new ExpectedServer.NodeOf(member.name(), membership));
  }

  @Override
  public ManagedChannel broker(Broker broker) {
    return channel(
        BROKER + broker.name(), broker.address(), new ExpectedServer.TheBroker(membership));
  }

  private synchronized ManagedChannel channel(String name, String address, ExpectedServer server) {
    Open known = open.get(name);
    if (known != null && known.address().equals(address)) {
      return known.channel();
    }
    if (known != null) {
      known.channel().shutdown();
    }
    ManagedChannel channel = Channels.open(address, tls, identity, server);
    if (closed) {
      channel.shutdownNow();
    }
    open.put(name, new Open(address, channel));
    return channel;
  }

  /** Breaks every call off. */
  @Override
  public void close() {
    Map<String, Open> last;
    synchronized (this) {
      closed = true;
      last = Map.copyOf(open);
    }
    last.values().forEach(entry -> entry.channel().shutdownNow());
    for (Open entry : last.values()) {
      try {
        if (!entry.channel().awaitTermination(2, TimeUnit.SECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
