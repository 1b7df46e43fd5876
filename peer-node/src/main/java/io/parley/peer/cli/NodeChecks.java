package io.parley.peer.cli;

import io.parley.proto.peer.v1.GetNodeResponse;
import io.parley.proto.peer.v1.PeerStatus;
import io.parley.wire.ParleyException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The party's node, and the others as it sees them. */
final class NodeChecks {
  private static final long CLOCK_WARN_MILLIS = 2_000;
  private static final long CLOCK_FAIL_MILLIS = 60_000;

  private final Session session;
  private final List<Finding> findings = new ArrayList<>();

  NodeChecks(Session session) {
    this.session = session;
  }

  List<Finding> run() {
    PartyHome home = session.party();
    if (home.clientNames().isEmpty()
        || !io.parley.peer.members.MembershipStore.exists(home.consortium())) {
      return findings;
    }
    try {
      GetNodeResponse node = session.node().node();
      findings.add(
          Finding.ok(
              "node",
              "version %s, isolation %s, evidence %s"
                  .formatted(
                      node.getVersion(),
                      node.getIsolation(),
                      JobViews.evidence(node.getEvidenceKind()))));
      clock("clock of the node", Duration.between(now(), at(node)).toMillis());
      for (PeerStatus peer : node.getPeersList()) {
        peer("peer " + peer.getName(), peer, node.getVersion());
      }
      if (node.hasBroker()) {
        peer("broker " + node.getBroker().getName(), node.getBroker(), node.getVersion());
      }
    } catch (ParleyException e) {
      findings.add(Finding.fail("node", e.reason() + ": " + e.getMessage(), Hints.of(e, "")));
    }
    broker();
    return findings;
  }

  private void broker() {
    try {
      int version = session.broker().membershipVersion();
      long ours = session.party().membership().current().version();
      findings.add(
          version >= ours
              ? Finding.ok("broker from here", "reachable, membership version " + version)
              : Finding.warn(
                  "broker from here",
                  "has membership version %d, we have %d".formatted(version, ours),
                  "a running node brings it up to date within seconds"));
    } catch (ParleyException e) {
      findings.add(
          Finding.fail("broker from here", e.reason() + ": " + e.getMessage(), Hints.of(e, "")));
    }
  }

  private void peer(String what, PeerStatus peer, String ours) {
    if (!peer.getProblem().isEmpty()) {
      findings.add(
          Finding.fail(
              what,
              peer.getAddress() + ": " + peer.getProblem(),
              "ask them whether it runs; check the address and the firewall"));
      return;
    }
    // A broker tells no version: its agreements name what has to be equal.
    boolean told = !peer.getVersion().isEmpty();
    findings.add(
        !told || peer.getVersion().equals(ours)
            ? Finding.ok(what, peer.getAddress() + (told ? " version " + peer.getVersion() : ""))
            : Finding.warn(
                what,
                "version %s, ours is %s".formatted(peer.getVersion(), ours),
                "run the same version, or shims measure differently"));
    clock("clock of " + what, peer.getClockOffsetMs());
  }

  private void clock(String what, long offsetMillis) {
    String detail = offsetMillis + " ms from ours";
    long size = Math.abs(offsetMillis);
    if (size > CLOCK_FAIL_MILLIS) {
      findings.add(Finding.fail(what, detail, "run a time service (chrony, systemd-timesyncd)"));
    } else if (size > CLOCK_WARN_MILLIS) {
      findings.add(Finding.warn(what, detail, "run a time service (chrony, systemd-timesyncd)"));
    } else {
      findings.add(Finding.ok(what, detail));
    }
  }

  private Instant now() {
    return session.terminal().clock().instant();
  }

  private static Instant at(GetNodeResponse node) {
    return Instant.ofEpochSecond(node.getNow().getSeconds(), node.getNow().getNanos());
  }
}
