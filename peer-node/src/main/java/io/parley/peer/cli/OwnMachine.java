package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.machine.Folders;
import io.parley.peer.platform.kinds.Platforms;
import java.nio.file.Path;

/** This machine, for commands that look at what vouches for enclaves here. */
final class OwnMachine {
  private OwnMachine() {}

  /**
   * For looking only: nothing is signed with it.
   *
   * @param state where the platform keeps what stays
   */
  static Platforms.Surroundings surroundings(Path state, NodeConfig config, Session session) {
    return new Platforms.Surroundings(
        state,
        Folders.temporary(),
        config.enclave().uid(),
        (label, message) -> ByteString.EMPTY,
        session.terminal().random());
  }
}
