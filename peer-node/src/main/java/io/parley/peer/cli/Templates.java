package io.parley.peer.cli;

/** Files that commands write for people to edit. */
final class Templates {
  private Templates() {}

  /** parley.yaml of a new party. */
  static String node(String party, String listen, boolean embeddedBroker) {
    return """
    # This party's node. Unknown keys are errors; 'parley doctor' checks the rest.
    party: %s
    # Where the node listens for peers and clients.
    listen: %s
    # Where enclaves of other parties connect; without this line the system picks a port.
    # data: {listen: 0.0.0.0:7702}
    # remote: the broker is elsewhere; embedded: this node starts one from the folder broker/.
    broker: %s
    """
        .formatted(party, listen, embeddedBroker ? "embedded" : "remote");
  }

  /** enclave.yaml of a new enclave server. */
  static String enclave(String listen, String evidence) {
    return """
    # The enclave server of this VM. Unknown keys are errors.
    # Where the party's node reaches it.
    listen: %s
    # What this VM's platform vouches for enclaves with.
    evidence: %s
    # For all enclaves together and the datasets that are handed to them.
    memory: 4GiB
    # At once.
    enclaves: 4
    """
        .formatted(listen, evidence);
  }
}
