package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.parley.identity.Membership;
import io.parley.link.Descriptor;
import io.parley.link.Sockets;
import io.parley.peer.config.HostPort;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.peer.jobs.PeerStream;
import io.parley.peer.jobs.Peers;
import io.parley.peer.relay.DataDialer;
import io.parley.peer.relay.Pump;
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
import io.parley.transport.Channels;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other parties' nodes over gRPC. Thread-safe. */
public final class GrpcPeers implements Peers {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcPeers.class);
  private static final long CALL_SECONDS = 8;
  private static final long FETCH_MINUTES = 60;

  private final NodeChannels channels;
  private final Supplier<Membership> membership;
  private final DataMode mode;
  private final ExecutorService threads;
  private final InstantSource clock;

  /**
   * @param threads platform threads
   */
  public GrpcPeers(
      NodeChannels channels,
      Supplier<Membership> membership,
      DataMode mode,
      ExecutorService threads,
      InstantSource clock) {
    this.channels = channels;
    this.membership = membership;
    this.mode = mode;
    this.threads = threads;
    this.clock = clock;
  }

  /** Waits for a connection that is not there yet; see {@link NodeChannels#connectedPeer}. */
  private Channel channel(String party) {
    return channels.connectedPeer(membership.get().member(party));
  }

  private Channel channelNow(String party) {
    return channels.peer(membership.get().member(party));
  }

  private static PeerServiceGrpc.PeerServiceBlockingStub calls(Channel channel) {
    return PeerServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void awaitConnected(String party) {
    var unused = channel(party);
  }

  @Override
  public PeerStream open(String party, PeerStream.Listener listener) {
    JobStream<RunJobRequest, RunJobResponse> stream =
        new JobStream<>(PeerMessages::request, PeerMessages::parse);
    stream.listener(listener);
    try {
      stream.out(PeerServiceGrpc.newStub(channelNow(party)).runJob(stream));
      return stream;
    } catch (StatusRuntimeException e) {
      throw failure(party, e);
    }
  }

  @Override
  public Descriptor openChannel(String party, String jobId, String stream) {
    try {
      OpenChannelResponse offer =
          calls(channel(party))
              .openChannel(
                  OpenChannelRequest.newBuilder().setJobId(jobId).setStream(stream).build());
      return offer.getDataAddress().isEmpty() || mode == DataMode.RELAY
          ? relay(party, offer.getToken())
          : DataDialer.dial(HostPort.parse(offer.getDataAddress()).resolve(), offer.getToken());
    } catch (StatusRuntimeException e) {
      throw failure(party, e);
    }
  }

  private Descriptor relay(String party, ByteString token) {
    PeerServiceGrpc.PeerServiceStub peer = PeerServiceGrpc.newStub(channel(party));
    try {
      List<Descriptor> pair = Sockets.pair();
      Relaying relaying = new Relaying(pair.getLast(), token);
      var unused = peer.relay(relaying);
      // Not before: a call that has not started cannot be asked whether it takes a message.
      threads.execute(relaying::begin);
      return pair.getFirst();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot make a socket pair: " + e.getMessage(), Map.of(), e);
    }
  }

  /** One relayed channel, at the asking host. */
  private final class Relaying
      implements ClientResponseObserver<RelayRequest, RelayResponse>, Pump.Stream {
    private final Pump pump;
    private final ByteString token;
    private @Nullable ClientCallStreamObserver<RelayRequest> out;
    private @Nullable FlowWriter<RelayRequest> writer;

    Relaying(Descriptor socket, ByteString token) {
      this.pump = new Pump(socket, this);
      this.token = token;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<RelayRequest> stream) {
      out = stream;
      stream.disableAutoRequestWithInitial(0);
      writer = new FlowWriter<>(stream);
    }

    /** Shows the token, then copies. */
    void begin() {
      FlowWriter<RelayRequest> flow = writer;
      try {
        if (flow == null) {
          throw new BugException("the relay's call was made without its stream");
        }
        flow.write(RelayRequest.newBuilder().setToken(token).build());
      } catch (RuntimeException e) {
        LOG.atDebug().setCause(e).log("relay: the token was not sent");
        abort();
        pump.broken();
      }
      pump.start(threads);
    }

    @Override
    public void onNext(RelayResponse response) {
      pump.arrived(response.getChunk());
    }

    @Override
    public void onError(Throwable failure) {
      FlowWriter<RelayRequest> flow = writer;
      if (flow != null) {
        flow.gone();
      }
      pump.broken();
    }

    @Override
    public void onCompleted() {
      pump.finished();
    }

    @Override
    public void send(ByteString piece) {
      FlowWriter<RelayRequest> flow = writer;
      if (flow != null) {
        flow.write(RelayRequest.newBuilder().setChunk(piece).build());
      }
    }

    @Override
    public void finish() {
      ClientCallStreamObserver<RelayRequest> stream = out;
      if (stream != null) {
        stream.onCompleted();
      }
    }

    @Override
    public void request() {
      ClientCallStreamObserver<RelayRequest> stream = out;
      if (stream != null) {
        stream.request(1);
      }
    }

    @Override
    public void abort() {
      ClientCallStreamObserver<RelayRequest> stream = out;
      if (stream != null) {
        stream.cancel("the enclave closed its channel", null);
      }
    }
  }

  @Override
  public void fetchApp(String party, Digest app, OutputStream into) throws IOException {
    try {
      Iterator<FetchAppResponse> pieces =
          PeerServiceGrpc.newBlockingStub(channel(party))
              .withDeadlineAfter(FETCH_MINUTES, TimeUnit.MINUTES)
              .fetchApp(FetchAppRequest.newBuilder().setSha256(app.value()).build());
      while (pieces.hasNext()) {
        pieces.next().getChunk().writeTo(into);
      }
    } catch (StatusRuntimeException e) {
      throw failure(party, e);
    }
  }

  @Override
  public void fetchResult(String party, String jobId, String result, long offset, Sink into)
      throws IOException {
    try {
      Iterator<FetchResultResponse> pieces =
          PeerServiceGrpc.newBlockingStub(channel(party))
              .withDeadlineAfter(FETCH_MINUTES, TimeUnit.MINUTES)
              .fetchResult(
                  FetchResultRequest.newBuilder()
                      .setJobId(jobId)
                      .setResult(result)
                      .setOffset(offset)
                      .build());
      while (pieces.hasNext()) {
        into.write(pieces.next().getChunk());
      }
    } catch (StatusRuntimeException e) {
      throw failure(party, e);
    }
  }

  @Override
  public PeerInfo probe(String party) {
    try {
      long before = clock.millis();
      // Diagnosis says how it is now.
      GetPeerResponse peer = calls(channelNow(party)).getPeer(GetPeerRequest.getDefaultInstance());
      long middle = (before + clock.millis()) / 2;
      return new PeerInfo(peer.getVersion(), Calls.instant(peer.getNow()).toEpochMilli() - middle);
    } catch (StatusRuntimeException e) {
      throw failure(party, e);
    }
  }

  private static ParleyException failure(String party, StatusRuntimeException e) {
    ParleyException failure = Channels.failure(e, Reason.PEER_UNAVAILABLE);
    return failure.reason() == Reason.PEER_UNAVAILABLE
        ? new EnvironmentException(
            Reason.PEER_UNAVAILABLE,
            "the node of '%s' cannot be reached: %s".formatted(party, e.getStatus()),
            Map.of("party", party),
            e)
        : failure;
  }
}
