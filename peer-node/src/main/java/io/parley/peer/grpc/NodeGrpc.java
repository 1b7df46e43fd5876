package io.parley.peer.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.jobs.Peers;
import io.parley.proto.peer.v1.GetNodeRequest;
import io.parley.proto.peer.v1.GetNodeResponse;
import io.parley.proto.peer.v1.NodeServiceGrpc;
import io.parley.proto.peer.v1.PeerStatus;
import io.parley.wire.ParleyException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/** What this node is and sees: for {@code parley doctor}. */
public final class NodeGrpc extends NodeServiceGrpc.NodeServiceImplBase {
  /** What it needs. */
  public record Needs(
      String party,
      String version,
      String evidenceKind,
      Supplier<Membership> membership,
      Peers peers,
      GrpcBroker broker,
      EnclaveLauncher launcher,
      ExecutorService threads,
      InstantSource clock) {}

  private final Needs needs;

  public NodeGrpc(Needs needs) {
    this.needs = needs;
  }

  @Override
  public void getNode(GetNodeRequest request, StreamObserver<GetNodeResponse> out) {
    Calls.answer(out, this::node);
  }

  private GetNodeResponse node() {
    Membership list = needs.membership().get();
    // All at once: one that does not answer costs its own timeout only.
    List<CompletableFuture<PeerStatus>> peers =
        list.members().stream()
            .filter(member -> !member.name().equals(needs.party()))
            .map(member -> CompletableFuture.supplyAsync(() -> peer(member), needs.threads()))
            .toList();
    CompletableFuture<PeerStatus> broker =
        CompletableFuture.supplyAsync(() -> broker(list), needs.threads());
    return GetNodeResponse.newBuilder()
        .setParty(needs.party())
        .setVersion(needs.version())
        .setNow(Calls.timestamp(needs.clock().instant()))
        .setEvidenceKind(needs.evidenceKind())
        .setMembershipVersion(list.version())
        .setShimSha256(needs.launcher().shimDigest().value())
        .setIsolation(needs.launcher().isolation())
        .addAllPeers(peers.stream().map(CompletableFuture::join).toList())
        .setBroker(broker.join())
        .build();
  }

  private PeerStatus peer(Member member) {
    PeerStatus.Builder status =
        PeerStatus.newBuilder().setName(member.name()).setAddress(member.address());
    try {
      Peers.PeerInfo info = needs.peers().probe(member.name());
      status.setVersion(info.version()).setClockOffsetMs(info.clockOffsetMs());
    } catch (ParleyException e) {
      status.setProblem(String.valueOf(e.getMessage()));
    }
    return status.build();
  }

  private PeerStatus broker(Membership list) {
    PeerStatus.Builder status =
        PeerStatus.newBuilder().setName(list.broker().name()).setAddress(list.broker().address());
    try {
      needs.broker().probe();
    } catch (ParleyException e) {
      status.setProblem(String.valueOf(e.getMessage()));
    }
    return status.build();
  }
}
