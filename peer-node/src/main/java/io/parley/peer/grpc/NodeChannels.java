package io.parley.peer.grpc;

import io.grpc.ConnectivityState;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Channels of this node to other nodes and to the broker: one each, opened at the first call, and
 * anew when the membership list names another address. Thread-safe.
 */
public final class NodeChannels implements Connections, AutoCloseable {
  private record Open(String address, ManagedChannel channel) {}

  private static final String BROKER = "broker/";
  private static final long CONNECT_SECONDS = 10;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

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

  /**
   * As {@link #peer}, once it is connected: a node that has just been restarted is not taken for
   * one that is gone. Blocks for {@value #CONNECT_SECONDS} seconds at most, and answers with a
   * channel that is not connected then: the next call on it says why.
   */
  ManagedChannel connectedPeer(Member member) {
    return connected(peer(member));
  }

  /** As {@link #connectedPeer}, for the broker. */
  public ManagedChannel connectedBroker(Broker broker) {
    return connected(broker(broker));
  }

  private static ManagedChannel connected(ManagedChannel channel) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CONNECT_SECONDS);
    try {
      while (true) {
        ConnectivityState state = channel.getState(true);
        long left = deadline - System.nanoTime();
        if (state == ConnectivityState.READY || state == ConnectivityState.SHUTDOWN || left <= 0) {
          return channel;
        }
        if (state == ConnectivityState.TRANSIENT_FAILURE) {
          // gRPC waits longer after every failure, up to two minutes: too long for who waits here.
          channel.resetConnectBackoff();
          awaitChange(channel, state, Math.min(left, RETRY_NANOS));
        } else {
          awaitChange(channel, state, left);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return channel;
    }
  }

  private static void awaitChange(ManagedChannel channel, ConnectivityState from, long nanos)
      throws InterruptedException {
    CountDownLatch changed = new CountDownLatch(1);
    channel.notifyWhenStateChanged(from, changed::countDown);
    boolean unused = changed.await(nanos, TimeUnit.NANOSECONDS);
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
