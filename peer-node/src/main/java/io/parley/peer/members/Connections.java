package io.parley.peer.members;

import io.grpc.Channel;
import io.parley.identity.Broker;
import io.parley.identity.Member;

/** Channels of this node to others, by mTLS with its node certificate. Thread-safe. */
public interface Connections {
  /** To a member's peer node; whoever answers must show a node certificate of that party. */
  Channel peer(Member member);

  /** To the key broker. */
  Channel broker(Broker broker);
}
