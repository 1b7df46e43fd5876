package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.broker.log.DecisionPage;
import io.parley.broker.log.LogReader;
import io.parley.broker.log.WitnessDesk;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AddCosignatureRequest;
import io.parley.proto.broker.v1.AddCosignatureResponse;
import io.parley.proto.broker.v1.GetCheckpointRequest;
import io.parley.proto.broker.v1.GetCheckpointResponse;
import io.parley.proto.broker.v1.GetConsistencyProofRequest;
import io.parley.proto.broker.v1.GetConsistencyProofResponse;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.ListDecisionsResponse;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.PresentCheckpointResponse;
import io.parley.proto.broker.v1.ProveJobRequest;
import io.parley.proto.broker.v1.ProveJobResponse;
import io.parley.proto.broker.v1.ReadEntriesRequest;
import io.parley.proto.broker.v1.ReadEntriesResponse;
import io.parley.proto.broker.v1.ReadTileRequest;
import io.parley.proto.broker.v1.ReadTileResponse;
import io.parley.tlog.InclusionProof;
import io.parley.wire.Digest;

/**
 * LogService. Any role of a party reads what concerns the party, and checks the tree; its node is
 * its witness. Answers even when the broker serves nothing else because of what a witness showed.
 */
public final class LogGrpc extends LogServiceGrpc.LogServiceImplBase {
  private final LogReader reader;
  private final WitnessDesk desk;

  public LogGrpc(LogReader reader, WitnessDesk desk) {
    this.reader = reader;
    this.desk = desk;
  }

  @Override
  public void listDecisions(
      ListDecisionsRequest request, StreamObserver<ListDecisionsResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          DecisionPage page =
              reader.decisions(
                  caller,
                  request.getJobId(),
                  Fields.pageToken(request.getPageToken()),
                  Fields.pageSize(request.getPageSize()));
          return ListDecisionsResponse.newBuilder()
              .addAllDecisions(page.decisions())
              .setNextPageToken(Fields.pageToken(page.next()))
              .build();
        });
  }

  @Override
  public void getCheckpoint(
      GetCheckpointRequest request, StreamObserver<GetCheckpointResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetCheckpointResponse.newBuilder()
                .setCheckpoint(
                    desk.checkpoint(Fields.size("cosigned_size", request.getCosignedSize()))
                        .encode())
                .build());
  }

  @Override
  public void getConsistencyProof(
      GetConsistencyProofRequest request, StreamObserver<GetConsistencyProofResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetConsistencyProofResponse.newBuilder()
                .addAllHashes(
                    desk
                        .consistency(
                            Fields.size("from_size", request.getFromSize()),
                            Fields.size("to_size", request.getToSize()))
                        .stream()
                        .map(Digest::value)
                        .toList())
                .build());
  }

  @Override
  public void presentCheckpoint(
      PresentCheckpointRequest request, StreamObserver<PresentCheckpointResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          desk.present(caller, request.getCheckpoint());
          return PresentCheckpointResponse.getDefaultInstance();
        });
  }

  @Override
  public void addCosignature(
      AddCosignatureRequest request, StreamObserver<AddCosignatureResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          desk.cosign(caller, request.getCheckpoint());
          return AddCosignatureResponse.getDefaultInstance();
        });
  }

  @Override
  public void readTile(ReadTileRequest request, StreamObserver<ReadTileResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            ReadTileResponse.newBuilder()
                .setHashes(reader.tile(request.getLevel(), request.getNumber(), request.getWidth()))
                .build());
  }

  @Override
  public void readEntries(
      ReadEntriesRequest request, StreamObserver<ReadEntriesResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            ReadEntriesResponse.newBuilder()
                .addAllEntries(
                    reader.entries(
                        caller,
                        Fields.size("start", request.getStart()),
                        Fields.count(request.getCount(), LogReader.ENTRIES_MAX)))
                .build());
  }

  @Override
  public void proveJob(ProveJobRequest request, StreamObserver<ProveJobResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            ProveJobResponse.newBuilder()
                .addAllProofs(
                    reader.proveJob(caller, Fields.required("job_id", request.getJobId())).stream()
                        .map(InclusionProof::encode)
                        .toList())
                .build());
  }
}
