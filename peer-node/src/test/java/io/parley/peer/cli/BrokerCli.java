package io.parley.peer.cli;

import io.grpc.BindableService;
import io.grpc.Server;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Membership;
import io.parley.peer.members.MembershipStore;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.MutualTls;
import io.parley.transport.MutualTls.WithoutCertificate;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Set;
import java.util.function.Supplier;

/** A party's home, and at its broker's address services that answer what a test wants. */
final class BrokerCli implements AutoCloseable {
  private final Path home;
  private final Server server;

  private BrokerCli(Path home, Server server) {
    this.home = home;
    this.server = server;
  }

  /**
   * @param home that is made
   */
  static BrokerCli start(Path home, BindableService... services) throws IOException {
    Clock clock = Clock.systemUTC();
    BrokerIdentity broker = BrokerIdentity.generate("broker", clock, new SecureRandom());
    // Its list names the broker's address, which is known once the broker listens.
    Supplier<Membership> members = () -> MembershipStore.open(home.resolve("consortium")).current();
    var builder =
        Channels.server(
            new InetSocketAddress("localhost", 0),
            new MutualTls(clock).server(broker.tls(), members, WithoutCertificate.REFUSED),
            new ErrorInterceptor((method, failure) -> {}),
            new CallerInterceptor(members, clock, Set.of()));
    for (BindableService service : services) {
      builder.addService(service);
    }
    Server server = builder.build().start();
    BrokerCli cli = new BrokerCli(home, server);
    cli.run("identity", "create", "--party", "hospital").ok();
    cli.run(
            "consortium",
            "init",
            "--name",
            "health",
            "--address",
            "localhost:1",
            "--broker",
            BrokerLine.of(broker.broker("localhost:" + server.getPort())))
        .ok();
    return cli;
  }

  Captured run(String... command) {
    return Captured.run(home, command);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
