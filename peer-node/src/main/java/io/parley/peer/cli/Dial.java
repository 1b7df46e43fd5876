package io.parley.peer.cli;

import io.grpc.ManagedChannel;
import io.parley.identity.Invitation;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import java.time.Clock;

/** Opens channels: always mutual TLS, always to one expected server. */
final class Dial {
  private Dial() {}

  static ManagedChannel open(PartyHome home, String address, ExpectedServer expected, Clock clock) {
    return Channels.open(address, new MutualTls(clock), home.client(), expected);
  }

  /** To the inviter's node, by the fingerprint in the invitation. */
  static ManagedChannel invited(Invitation invitation, Clock clock) {
    return Channels.openAsStranger(
        invitation.address(),
        new MutualTls(clock),
        new ExpectedServer.Pinned(invitation.inviter(), invitation.caSha256()));
  }
}
