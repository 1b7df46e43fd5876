package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.parley.proto.peer.v1.AddAppRequest;
import io.parley.proto.peer.v1.AddAppResponse;
import io.parley.proto.peer.v1.AddDatasetRequest;
import io.parley.proto.peer.v1.AddDatasetResponse;
import io.parley.proto.peer.v1.App;
import io.parley.proto.peer.v1.AppServiceGrpc;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.Dataset;
import io.parley.proto.peer.v1.DatasetHead;
import io.parley.proto.peer.v1.DatasetServiceGrpc;
import io.parley.proto.peer.v1.GetJobRequest;
import io.parley.proto.peer.v1.GetNodeRequest;
import io.parley.proto.peer.v1.GetNodeResponse;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.ListAppsRequest;
import io.parley.proto.peer.v1.ListDatasetsRequest;
import io.parley.proto.peer.v1.ListJobsRequest;
import io.parley.proto.peer.v1.ListJobsResponse;
import io.parley.proto.peer.v1.NodeServiceGrpc;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.proto.peer.v1.RemoveDatasetRequest;
import io.parley.proto.peer.v1.WatchJobRequest;
import io.parley.transport.Channels;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Calls to a party's own node. Every failure comes out with a reason. */
final class NodeClient {
  private static final int CALL_SECONDS = 30;
  private static final int PAGE = 1000;
  private static final int JOBS_MAX = 100_000;
  private static final int READ_ATTEMPTS = 5;

  private final Channel channel;

  NodeClient(Channel channel) {
    this.channel = channel;
  }

  GetNodeResponse node() {
    return call(() ->
        NodeServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .getNode(GetNodeRequest.getDefaultInstance()));
  }

  ConsortiumServiceGrpc.ConsortiumServiceBlockingStub consortium() {
    return ConsortiumServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  Job createJob(CreateJobRequest request) {
    return call(() -> jobs().createJob(request).getJob());
  }

  Job job(String id) {
    return call(() -> jobs().getJob(GetJobRequest.newBuilder().setJobId(id).build()).getJob());
  }

  Job cancelJob(CancelJobRequest request) {
    return call(() -> jobs().cancelJob(request).getJob());
  }

  /** Newest first. */
  List<Job> jobs(int limit) {
    List<Job> all = new ArrayList<>();
    String token = "";
    do {
      ListJobsRequest request =
          ListJobsRequest.newBuilder()
              .setPageSize(Math.min(PAGE, limit - all.size()))
              .setPageToken(token)
              .build();
      ListJobsResponse page = call(() -> jobs().listJobs(request));
      all.addAll(page.getJobsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty() && all.size() < limit);
    return all;
  }

  /** The whole id that its first digits name. */
  String findJob(String text) {
    return JobIds.find(text, () -> jobs(JOBS_MAX).stream().map(Job::getJobId).toList());
  }

  /** Every change until the stream ends. */
  void watch(String id, Consumer<Job> seen) {
    call(() -> {
      JobServiceGrpc.newBlockingStub(channel)
          .watchJob(WatchJobRequest.newBuilder().setJobId(id).build())
          .forEachRemaining(response -> seen.accept(response.getJob()));
      return id;
    });
  }

  /** Reads a sealed result to its end, again from where it stopped when the connection breaks. */
  void readResult(String id, String result, OutputStream to) throws IOException {
    long offset = 0;
    for (int attempt = 1; ; attempt++) {
      ReadResultRequest request =
          ReadResultRequest.newBuilder().setJobId(id).setResult(result).setOffset(offset).build();
      try {
        var chunks = JobServiceGrpc.newBlockingStub(channel).readResult(request);
        while (chunks.hasNext()) {
          ByteString chunk = chunks.next().getChunk();
          chunk.writeTo(to);
          offset += chunk.size();
        }
        return;
      } catch (StatusRuntimeException e) {
        if (attempt == READ_ATTEMPTS
            || Channels.failure(e, Reason.PEER_UNAVAILABLE).reason() != Reason.PEER_UNAVAILABLE) {
          throw Channels.failure(e, Reason.PEER_UNAVAILABLE);
        }
      }
    }
  }

  List<Dataset> datasets() {
    return call(() ->
        datasetStub().listDatasets(ListDatasetsRequest.getDefaultInstance()).getDatasetsList());
  }

  void removeDataset(String name) {
    var _ =
        call(() ->
            datasetStub().removeDataset(RemoveDatasetRequest.newBuilder().setName(name).build()));
  }

  Dataset addDataset(DatasetHead head, Path file, Session session) throws IOException {
    Upload<AddDatasetRequest, AddDatasetResponse> upload = new Upload<>();
    AddDatasetRequest first = AddDatasetRequest.newBuilder().setHead(head).build();
    return send(
            upload,
            DatasetServiceGrpc.newStub(channel).addDataset(upload.response()),
            first,
            chunk -> AddDatasetRequest.newBuilder().setChunk(chunk).build(),
            file,
            session)
        .getDataset();
  }

  App addApp(Path tar, Session session) throws IOException {
    Upload<AddAppRequest, AddAppResponse> upload = new Upload<>();
    return send(
            upload,
            AppServiceGrpc.newStub(channel).addApp(upload.response()),
            null,
            chunk -> AddAppRequest.newBuilder().setChunk(chunk).build(),
            tar,
            session)
        .getApp();
  }

  List<App> apps() {
    return call(() ->
        AppServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .listApps(ListAppsRequest.getDefaultInstance())
            .getAppsList());
  }

  private static <Q, R> R send(
      Upload<Q, R> upload,
      StreamObserver<Q> requests,
      @org.jspecify.annotations.Nullable Q first,
      Function<ByteString, Q> chunk,
      Path file,
      Session session)
      throws IOException {
    try (InputStream in = Files.newInputStream(file);
        Progress progress =
            Progress.ofBytes(session, file.getFileName().toString(), Files.size(file))) {
      return upload.send(requests, first, in, chunk, progress);
    }
  }

  private JobServiceGrpc.JobServiceBlockingStub jobs() {
    return JobServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  private DatasetServiceGrpc.DatasetServiceBlockingStub datasetStub() {
    return DatasetServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw Channels.failure(e, Reason.PEER_UNAVAILABLE);
    }
  }
}
