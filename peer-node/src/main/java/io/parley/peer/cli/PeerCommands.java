package io.parley.peer.cli;

import ch.qos.logback.classic.Level;
import io.parley.peer.PeerMain;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.peer.v1.GetNodeResponse;
import io.parley.proto.peer.v1.PeerStatus;
import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
    name = "peer",
    description = {
      "Your party's node: keeps its datasets, starts its enclaves, relays, serves its clients. It never"
          + " sees another party's rows."
    },
    footer = {"Example:", "  parley peer serve"})
final class PeerCommands {
  private final Session session;

  PeerCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "serve",
      description = "Runs the node until it is told to end (ctrl-C).",
      footer = {
        "It reads parley.yaml in the home. As root it still starts every enclave as a user without rights.",
        "",
        "Example:",
        "  parley --home /srv/parley/hospital peer serve",
      })
  int serve() {
    Parley.logAtLeast(Level.INFO);
    return PeerMain.run("--home", session.party().root().toString());
  }

  @Command(
      name = "show",
      description = "What the node is, and whom it reaches.",
      footer = {"Example:", "  parley peer show"})
  int show() {
    GetNodeResponse node = session.node().node();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("party", node.getParty());
    fields.put("version", node.getVersion());
    fields.put("shim", new Digest(node.getShimSha256()).toString());
    fields.put("isolation", node.getIsolation());
    fields.put("evidence", JobViews.evidence(node.getEvidenceKind()));
    fields.put("membership", node.getMembershipVersion());
    for (PeerStatus peer : statuses(node)) {
      fields.put(
          peer.getName(),
          peer.getAddress()
              + (peer.getProblem().isEmpty()
                  ? " reachable, version " + peer.getVersion()
                  : " " + peer.getProblem()));
    }
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "peers",
      description = "The other members' nodes and the broker, as your node sees them.",
      footer = {"Example:", "  parley peer peers --output json"})
  int peers() {
    List<List<@Nullable Object>> rows = new ArrayList<>();
    for (PeerStatus peer : statuses(session.node().node())) {
      rows.add(
          Arrays.asList(
              peer.getName(),
              peer.getAddress(),
              peer.getVersion(),
              peer.getClockOffsetMs(),
              peer.getProblem().isEmpty() ? null : peer.getProblem()));
    }
    session
        .printer()
        .list(
            List.of(
                Column.text("name"),
                Column.text("address"),
                Column.text("version"),
                Column.number("clock_offset_ms"),
                Column.text("problem")),
            rows);
    return ExitCode.OK;
  }

  static List<PeerStatus> statuses(GetNodeResponse node) {
    List<PeerStatus> all = new ArrayList<>(node.getPeersList());
    if (node.hasBroker()) {
      all.add(node.getBroker());
    }
    return all;
  }
}
