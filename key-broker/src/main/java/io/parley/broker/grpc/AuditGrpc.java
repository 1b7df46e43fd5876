package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.broker.log.Decisions;
import io.parley.proto.broker.v1.AuditServiceGrpc;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.ListDecisionsResponse;
import java.util.List;

/** AuditService. Any role of a party reads what concerns the party. */
public final class AuditGrpc extends AuditServiceGrpc.AuditServiceImplBase {
  private final Decisions decisions;

  public AuditGrpc(Decisions decisions) {
    this.decisions = decisions;
  }

  @Override
  public void listDecisions(
      ListDecisionsRequest request, StreamObserver<ListDecisionsResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          int size = Fields.pageSize(request.getPageSize());
          List<Decision> page =
              decisions.list(
                  caller, request.getJobId(), Fields.pageToken(request.getPageToken()), size);
          return ListDecisionsResponse.newBuilder()
              .addAllDecisions(page)
              .setNextPageToken(
                  Fields.pageToken(page.size() < size ? 0 : page.getLast().getSequence()))
              .build();
        });
  }
}
