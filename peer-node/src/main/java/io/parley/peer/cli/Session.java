package io.parley.peer.cli;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.parley.identity.Member;
import io.parley.peer.broker.BrokerProgram;
import io.parley.peer.broker.BrokerTrust;
import io.parley.peer.cli.output.OutputFormat;
import io.parley.peer.cli.output.Printer;
import io.parley.peer.grpc.GrpcBrokerSource;
import io.parley.transport.ExpectedServer;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one run of a command works with: made when first asked for, closed at the end. */
final class Session implements AutoCloseable {
  static final String HOME_VARIABLE = "PARLEY_HOME";

  private final Terminal terminal;
  private final GlobalOptions options;
  private final List<AutoCloseable> open = new ArrayList<>();
  private @Nullable PartyHome party;
  private @Nullable NodeClient node;
  private @Nullable BrokerClient broker;
  private @Nullable BrokerTrust trust;

  Session(Terminal terminal, GlobalOptions options) {
    this.terminal = terminal;
    this.options = options;
  }

  Terminal terminal() {
    return terminal;
  }

  GlobalOptions options() {
    return options;
  }

  Errors errors() {
    return new Errors(terminal, options);
  }

  Notices notices() {
    return new Notices(terminal.err(), options);
  }

  Printer printer() {
    return new Printer(terminal.out(), options.output);
  }

  /** For what a person must see before they answer a question. */
  void showOnErr(Map<String, ? extends @Nullable Object> thing) {
    new Printer(terminal.err(), OutputFormat.TABLE).thing(thing);
  }

  Agreements agreements() {
    return new Agreements(this);
  }

  Apps apps() {
    return new Apps(this);
  }

  PartyHome party() {
    if (party == null) {
      party = new PartyHome(home(), options.as);
    }
    return party;
  }

  Path home() {
    if (options.home != null) {
      return options.home.toAbsolutePath().normalize();
    }
    String variable = terminal.variable(HOME_VARIABLE);
    return variable == null
        ? terminal.userHome().resolve(".parley")
        : Path.of(variable).toAbsolutePath().normalize();
  }

  /** Our own party's node. */
  NodeClient node() {
    if (node == null) {
      node = nodeOf(party());
    }
    return node;
  }

  /** The node of the party whose home this is. */
  NodeClient nodeOf(PartyHome home) {
    Member member = home.membership().current().member(home.name());
    return new NodeClient(
        channel(
            home, member.address(), new ExpectedServer.NodeOf(member.name(), home.membership())));
  }

  BrokerClient broker() {
    if (broker == null) {
      broker = brokerOf(party());
    }
    return broker;
  }

  BrokerClient brokerOf(PartyHome home) {
    String address = home.membership().current().broker().address();
    return new BrokerClient(
        channel(home, address, new ExpectedServer.TheBroker(home.membership())));
  }

  /** Whether the broker runs where agreements demand it. */
  BrokerTrust brokerTrust() {
    if (trust == null) {
      PartyHome home = party();
      String address = home.membership().current().broker().address();
      Channel channel = channel(home, address, new ExpectedServer.TheBroker(home.membership()));
      trust =
          new BrokerTrust(
              new GrpcBrokerSource(() -> channel),
              new BrokerProgram(BrokerCommands::programCommand, BrokerProgram.WITHIN),
              home.membership(),
              new SecureRandom(),
              terminal.clock(),
              System::nanoTime);
    }
    return trust;
  }

  /** A channel to whoever must be there; closed with this. */
  ManagedChannel channel(PartyHome home, String address, ExpectedServer expected) {
    ManagedChannel channel = Dial.open(home, address, expected, terminal.clock());
    closeLater(channel::shutdownNow);
    return channel;
  }

  void closeLater(AutoCloseable resource) {
    open.add(resource);
  }

  /** The reference value of what this machine runs: its node says it. */
  Digest localShim() {
    return new Digest(node().node().getShimSha256());
  }

  /**
   * Goes on after a yes.
   *
   * @throws RefusedException CANCELLED after anything else, and where nobody can be asked
   */
  void confirm(String question, boolean yes) {
    if (yes) {
      return;
    }
    if (!terminal.inputIsTerminal()) {
      throw new RefusedException(
          Reason.CANCELLED, question + " There is nobody to ask here; say --yes.");
    }
    if (!terminal.confirm(question)) {
      throw new RefusedException(Reason.CANCELLED, "not done");
    }
  }

  @Override
  public void close() {
    for (AutoCloseable resource : open.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        notices().say("closing: " + e);
      }
    }
    open.clear();
  }
}
