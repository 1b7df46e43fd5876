package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.DsseEnvelope;
import io.parley.broker.members.Members;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.GetMembershipResponse;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.UpdateMembershipRequest;
import io.parley.proto.broker.v1.UpdateMembershipResponse;

/** MembershipService. Any member; a list carries its own authority in its signatures. */
public final class MembershipGrpc extends MembershipServiceGrpc.MembershipServiceImplBase {
  private final Members members;

  public MembershipGrpc(Members members) {
    this.members = members;
  }

  @Override
  public void getMembership(
      GetMembershipRequest request, StreamObserver<GetMembershipResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetMembershipResponse.newBuilder()
                .addAllChain(members.chain().stream().map(DsseEnvelope::toProto).toList())
                .build());
  }

  @Override
  public void updateMembership(
      UpdateMembershipRequest request, StreamObserver<UpdateMembershipResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            UpdateMembershipResponse.newBuilder()
                .setVersion(
                    members.update(
                        caller.name(),
                        request.getChainList().stream().map(DsseEnvelope::fromProto).toList()))
                .build());
  }
}
