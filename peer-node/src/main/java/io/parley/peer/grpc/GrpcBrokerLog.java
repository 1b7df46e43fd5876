package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.parley.identity.Membership;
import io.parley.peer.members.Connections;
import io.parley.peer.witness.BrokerLog;
import io.parley.proto.broker.v1.AddCosignatureRequest;
import io.parley.proto.broker.v1.GetCheckpointRequest;
import io.parley.proto.broker.v1.GetConsistencyProofRequest;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.tlog.TreeProofs;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The key broker's log over gRPC. Thread-safe. */
public final class GrpcBrokerLog implements BrokerLog {
  private static final long CALL_SECONDS = 5;

  private final Connections connections;
  private final Supplier<Membership> membership;

  public GrpcBrokerLog(Connections connections, Supplier<Membership> membership) {
    this.connections = connections;
    this.membership = membership;
  }

  @Override
  public void present(ByteString checkpoint) {
    var _ =
        call(() ->
            stub()
                .presentCheckpoint(
                    PresentCheckpointRequest.newBuilder().setCheckpoint(checkpoint).build()));
  }

  @Override
  public ByteString checkpoint(long cosignedSize) {
    return call(() ->
        stub()
            .getCheckpoint(GetCheckpointRequest.newBuilder().setCosignedSize(cosignedSize).build())
            .getCheckpoint());
  }

  @Override
  public List<Digest> consistency(long from, long to) {
    List<ByteString> hashes =
        call(() ->
            stub()
                .getConsistencyProof(
                    GetConsistencyProofRequest.newBuilder().setFromSize(from).setToSize(to).build())
                .getHashesList());
    if (hashes.size() > TreeProofs.LENGTH_MAX) {
      throw new RefusedException(
          Reason.INVALID_PROOF,
          "the broker's proof has %d hashes; at most %d"
              .formatted(hashes.size(), TreeProofs.LENGTH_MAX));
    }
    return hashes.stream().map(Digest::new).toList();
  }

  @Override
  public void addCosignature(ByteString checkpoint) {
    var _ =
        call(() ->
            stub()
                .addCosignature(
                    AddCosignatureRequest.newBuilder().setCheckpoint(checkpoint).build()));
  }

  private LogServiceGrpc.LogServiceBlockingStub stub() {
    return LogServiceGrpc.newBlockingStub(connections.broker(membership.get().broker()))
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw Channels.failure(e, Reason.BROKER_UNAVAILABLE);
    }
  }
}
