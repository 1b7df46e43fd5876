package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.broker.attest.OwnEvidenceDesk;
import io.parley.proto.broker.v1.BrokerEvidenceServiceGrpc;
import io.parley.proto.broker.v1.GetBrokerEvidenceRequest;
import io.parley.proto.broker.v1.GetBrokerEvidenceResponse;

/** BrokerEvidenceService. Any member may ask. */
public final class BrokerEvidenceGrpc
    extends BrokerEvidenceServiceGrpc.BrokerEvidenceServiceImplBase {
  private final OwnEvidenceDesk desk;

  public BrokerEvidenceGrpc(OwnEvidenceDesk desk) {
    this.desk = desk;
  }

  @Override
  public void getBrokerEvidence(
      GetBrokerEvidenceRequest request, StreamObserver<GetBrokerEvidenceResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetBrokerEvidenceResponse.newBuilder()
                .setEvidence(desk.about(request.getNonce()).toMessage())
                .build());
  }
}
