package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.identity.Caller;
import io.parley.identity.Membership;
import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.peer.jobs.Jobs;
import io.parley.peer.relay.Admissions;
import io.parley.peer.relay.Pump;
import io.parley.peer.results.ResultFiles;
import io.parley.peer.store.ResultRecord;
import io.parley.proto.peer.v1.FetchAppRequest;
import io.parley.proto.peer.v1.FetchAppResponse;
import io.parley.proto.peer.v1.FetchResultRequest;
import io.parley.proto.peer.v1.FetchResultResponse;
import io.parley.proto.peer.v1.GetPeerRequest;
import io.parley.proto.peer.v1.GetPeerResponse;
import io.parley.proto.peer.v1.OpenChannelRequest;
import io.parley.proto.peer.v1.OpenChannelResponse;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.proto.peer.v1.RelayRequest;
import io.parley.proto.peer.v1.RelayResponse;
import io.parley.proto.peer.v1.RunJobRequest;
import io.parley.proto.peer.v1.RunJobResponse;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What this node does for other parties' nodes. */
public final class PeerGrpc extends PeerServiceGrpc.PeerServiceImplBase {
  /**
   * What it needs.
   *
   * @param dataAddress host:port of the data port, as others dial it
   * @param packedApp writes the packed app of a digest; APP_NOT_FOUND when it is not here
   * @param threads platform threads
   */
  public record Needs(
      String party,
      String version,
      Supplier<Membership> membership,
      Jobs jobs,
      ResultFiles results,
      BiConsumer<Digest, OutputStream> packedApp,
      Admissions admissions,
      DataMode mode,
      Supplier<String> dataAddress,
      Supplier<Caller> caller,
      ExecutorService threads,
      InstantSource clock) {}

  private final Needs needs;

  public PeerGrpc(Needs needs) {
    this.needs = needs;
  }

  @Override
  public StreamObserver<RunJobRequest> runJob(StreamObserver<RunJobResponse> out) {
    JobStream<RunJobResponse, RunJobRequest> stream =
        new JobStream<>(PeerMessages::response, PeerMessages::parse);
    stream.out(out);
    // Without a handler a cancelled call would make onNext throw on some thread of ours.
    ((ServerCallStreamObserver<RunJobResponse>) out)
        .setOnCancelHandler(() ->
            stream.onError(
                new EnvironmentException(Reason.PEER_UNAVAILABLE, "the connection to it broke")));
    stream.listener(needs.jobs().accept(needs.caller().get().party(), stream));
    return stream;
  }

  @Override
  public void openChannel(OpenChannelRequest request, StreamObserver<OpenChannelResponse> out) {
    String from = needs.caller().get().party();
    Calls.answer(
        out,
        () -> {
          OpenChannelResponse.Builder response =
              OpenChannelResponse.newBuilder()
                  .setToken(
                      needs.jobs().expectChannel(from, request.getJobId(), request.getStream()));
          if (needs.mode() == DataMode.HANDED) {
            response.setDataAddress(needs.dataAddress().get());
          }
          return response.build();
        });
  }

  @Override
  public StreamObserver<RelayRequest> relay(StreamObserver<RelayResponse> out) {
    ServerCallStreamObserver<RelayResponse> stream = (ServerCallStreamObserver<RelayResponse>) out;
    stream.disableAutoRequest();
    FlowWriter<RelayResponse> writer = new FlowWriter<>(stream);
    Relaying relaying = new Relaying(needs.caller().get().party(), stream, writer);
    stream.setOnCancelHandler(() -> {
      writer.gone();
      relaying.broken();
    });
    stream.request(1);
    return relaying;
  }

  /** One relayed channel, at the answering host. */
  private final class Relaying implements StreamObserver<RelayRequest>, Pump.Stream {
    private final String from;
    private final ServerCallStreamObserver<RelayResponse> out;
    private final FlowWriter<RelayResponse> writer;
    private final AtomicInteger waysOpen = new AtomicInteger(2);
    private @Nullable Pump pump;

    Relaying(
        String from,
        ServerCallStreamObserver<RelayResponse> out,
        FlowWriter<RelayResponse> writer) {
      this.from = from;
      this.out = out;
      this.writer = writer;
    }

    @Override
    public void onNext(RelayRequest request) {
      Pump running = pump;
      if (running != null) {
        running.arrived(request.getChunk());
        return;
      }
      try {
        pump = admit(request.getToken());
        pump.start(needs.threads());
      } catch (RuntimeException e) {
        Calls.fail(out, e);
      }
    }

    private Pump admit(ByteString token) {
      Admissions.Admission admission =
          needs
              .admissions()
              .redeem(token)
              .filter(a -> a.from().equals(from))
              .orElseThrow(() ->
                  new RefusedException(
                      Reason.JOB_NOT_RUNNING,
                      "the token is unknown, used, expired, or another party's"));
      try {
        List<Descriptor> pair = Sockets.pair();
        admission.receiver().accept(pair.getFirst());
        return new Pump(pair.getLast(), this);
      } catch (IOException e) {
        throw new EnvironmentException(
            Reason.IO_FAILED, "cannot make a socket pair: " + e.getMessage(), Map.of(), e);
      }
    }

    @Override
    public void onError(Throwable failure) {
      broken();
    }

    @Override
    public void onCompleted() {
      Pump running = pump;
      if (running == null) {
        Calls.fail(
            out,
            new RefusedException(Reason.PEER_PROTOCOL_BROKEN, "the relay began without a token"));
        return;
      }
      running.finished();
      wayEnded();
    }

    void broken() {
      Pump running = pump;
      if (running != null) {
        running.broken();
      }
    }

    @Override
    public void send(ByteString piece) {
      writer.write(RelayResponse.newBuilder().setChunk(piece).build());
    }

    @Override
    public void finish() {
      // Ending the call would end the other way too: an empty piece says it for this way alone.
      send(ByteString.EMPTY);
      wayEnded();
    }

    private void wayEnded() {
      if (waysOpen.decrementAndGet() == 0) {
        out.onCompleted();
      }
    }

    @Override
    public void request() {
      out.request(1);
    }

    @Override
    public void abort() {
      Calls.fail(
          out, new EnvironmentException(Reason.PEER_UNAVAILABLE, "the enclave closed its channel"));
    }
  }

  @Override
  public void fetchApp(FetchAppRequest request, StreamObserver<FetchAppResponse> out) {
    try {
      Digest app = new Digest(request.getSha256());
      Calls.sendWritten(
          out,
          needs.threads(),
          packed -> needs.packedApp().accept(app, packed),
          piece -> FetchAppResponse.newBuilder().setChunk(piece).build());
    } catch (RuntimeException e) {
      Calls.fail(out, e);
    }
  }

  @Override
  public void fetchResult(FetchResultRequest request, StreamObserver<FetchResultResponse> out) {
    try {
      String from = needs.caller().get().party();
      String jobId = request.getJobId();
      String result = request.getResult();
      requireRecipient(from, jobId, result);
      Calls.sendFile(
          out,
          needs.threads(),
          () -> needs.results().open(jobId, result, request.getOffset(), from),
          piece -> FetchResultResponse.newBuilder().setChunk(piece).build(),
          () -> needs.jobs().delivered(jobId, result, from));
    } catch (RuntimeException e) {
      Calls.fail(out, e);
    }
  }

  private void requireRecipient(String from, String jobId, String name) {
    ResultRecord result =
        needs.results().of(jobId).stream()
            .filter(r -> r.name().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new RefusedException(
                    Reason.RESULT_NOT_FOUND,
                    "job %.64s has no result '%.64s' here".formatted(jobId, name)));
    if (!result.recipients().contains(from)) {
      throw new RefusedException(
          Reason.NOT_A_RECIPIENT,
          "'%s' is no recipient of result '%s'".formatted(from, name),
          Map.of("party", from, "result", name));
    }
  }

  @Override
  public void getPeer(GetPeerRequest request, StreamObserver<GetPeerResponse> out) {
    Calls.answer(
        out,
        () ->
            GetPeerResponse.newBuilder()
                .setParty(needs.party())
                .setVersion(needs.version())
                .setNow(Calls.timestamp(needs.clock().instant()))
                .setMembershipVersion(needs.membership().get().version())
                .build());
  }
}
