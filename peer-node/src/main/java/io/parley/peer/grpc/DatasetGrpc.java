package io.parley.peer.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.peer.datasets.Datasets;
import io.parley.peer.datasets.Upload;
import io.parley.peer.jobs.Broker;
import io.parley.peer.store.DatasetRecord;
import io.parley.proto.peer.v1.AddDatasetRequest;
import io.parley.proto.peer.v1.AddDatasetResponse;
import io.parley.proto.peer.v1.DatasetHead;
import io.parley.proto.peer.v1.DatasetServiceGrpc;
import io.parley.proto.peer.v1.ListDatasetsRequest;
import io.parley.proto.peer.v1.ListDatasetsResponse;
import io.parley.proto.peer.v1.RemoveDatasetRequest;
import io.parley.proto.peer.v1.RemoveDatasetResponse;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/** Datasets for the party's own clients. */
public final class DatasetGrpc extends DatasetServiceGrpc.DatasetServiceImplBase {
  private static final int COLUMNS_MAX = 1024;

  private final String party;
  private final Datasets datasets;
  private final Broker broker;
  private final long limitBytes;
  private final ExecutorService threads;

  /**
   * @param threads platform threads, for reading large files
   */
  public DatasetGrpc(
      String party, Datasets datasets, Broker broker, long limitBytes, ExecutorService threads) {
    this.party = party;
    this.datasets = datasets;
    this.broker = broker;
    this.limitBytes = limitBytes;
    this.threads = threads;
  }

  @Override
  public StreamObserver<AddDatasetRequest> addDataset(StreamObserver<AddDatasetResponse> out) {
    return new Adding(out);
  }

  /** One upload; the call's callbacks come one at a time. */
  private final class Adding implements StreamObserver<AddDatasetRequest> {
    private final StreamObserver<AddDatasetResponse> out;
    private @Nullable DatasetHead head;
    private List<Column> columns = List.of();
    private @Nullable Upload upload;
    private boolean over;

    Adding(StreamObserver<AddDatasetResponse> out) {
      this.out = out;
    }

    @Override
    public void onNext(AddDatasetRequest request) {
      if (over) {
        return;
      }
      try {
        take(request);
      } catch (RuntimeException e) {
        end();
        Calls.fail(out, e);
      }
    }

    private void take(AddDatasetRequest request) {
      if (upload == null) {
        if (!request.hasHead()) {
          throw new RefusedException(Reason.INVALID_REQUEST, "the first message must be the head");
        }
        head = request.getHead();
        requireName(head.getName());
        columns = columns(head);
        upload = new Upload(datasets, limitBytes);
      } else if (request.hasChunk()) {
        upload.write(request.getChunk());
      } else {
        throw new RefusedException(Reason.INVALID_REQUEST, "after the head come chunks only");
      }
    }

    @Override
    public void onError(Throwable failure) {
      end();
    }

    @Override
    public void onCompleted() {
      Upload whole = upload;
      DatasetHead described = head;
      if (over) {
        return;
      }
      if (whole == null || described == null) {
        Calls.fail(out, new RefusedException(Reason.INVALID_REQUEST, "no head came"));
        return;
      }
      over = true;
      threads.execute(() ->
          Calls.answer(
              out,
              () -> {
                try (whole) {
                  return AddDatasetResponse.newBuilder()
                      .setDataset(message(keep(whole, described)))
                      .build();
                }
              }));
    }

    private DatasetRecord keep(Upload whole, DatasetHead described) {
      return whole.finish(
          described.getName(),
          described.getFormat(),
          described.getFileName(),
          columns,
          described.getReplace());
    }

    private void end() {
      over = true;
      Upload started = upload;
      if (started != null) {
        started.close();
      }
    }
  }

  private List<Column> columns(DatasetHead head) {
    if (!head.getAgreementSha256().isEmpty()) {
      if (head.getColumnsCount() > 0) {
        throw new RefusedException(
            Reason.INVALID_REQUEST, "give columns or an agreement, not both");
      }
      Dataset agreed =
          broker
              .agreement(new Digest(head.getAgreementSha256()))
              .signed()
              .agreement()
              .dataset(head.getName());
      if (!agreed.owner().equals(party)) {
        throw new RefusedException(
            Reason.NOT_YOURS,
            "dataset '%s' is '%s's in that agreement".formatted(head.getName(), agreed.owner()),
            Map.of("dataset", head.getName(), "owner", agreed.owner()));
      }
      return agreed.columns();
    }
    if (head.getColumnsCount() > COLUMNS_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY, "%d columns; at most %d".formatted(head.getColumnsCount(), COLUMNS_MAX));
    }
    return head.getColumnsList().stream()
        .map(c -> new Column(c.getName(), ColumnType.parse(c.getType()), c.getNullable()))
        .toList();
  }

  private static void requireName(String name) {
    if (!name.matches("[a-z][a-z0-9_-]{0,62}")) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "'%.80s' is not a dataset's name; expected lower-case letters, digits, _ and -, at most 63, starting with a letter"
              .formatted(name));
    }
  }

  @Override
  public void listDatasets(ListDatasetsRequest request, StreamObserver<ListDatasetsResponse> out) {
    Calls.answer(
        out,
        () ->
            ListDatasetsResponse.newBuilder()
                .addAllDatasets(datasets.list().stream().map(DatasetGrpc::message).toList())
                .build());
  }

  @Override
  public void removeDataset(
      RemoveDatasetRequest request, StreamObserver<RemoveDatasetResponse> out) {
    Calls.answer(
        out,
        () -> {
          datasets.remove(request.getName());
          return RemoveDatasetResponse.getDefaultInstance();
        });
  }

  private static io.parley.proto.peer.v1.Dataset message(DatasetRecord dataset) {
    io.parley.proto.peer.v1.Dataset.Builder message =
        io.parley.proto.peer.v1.Dataset.newBuilder()
            .setName(dataset.name())
            .setRows(dataset.rows())
            .setSizeBytes(dataset.sizeBytes())
            .setAdded(Calls.timestamp(dataset.added()))
            .setCommitment(dataset.commitment().value());
    for (Column column : dataset.columns()) {
      message.addColumns(
          io.parley.proto.agreement.v1.Column.newBuilder()
              .setName(column.name())
              .setType(column.type().sql())
              .setNullable(column.nullable()));
    }
    return message.build();
  }
}
