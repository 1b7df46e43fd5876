package io.parley.peer.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Membership;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateChallengeResponse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.CreateJobResponse;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetAgreementResponse;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.Receipt;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.GrpcStatuses;
import io.parley.transport.MutualTls;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A broker that stores agreements, counts jobs, and signs receipts, and judges nothing. */
public final class FakeBroker implements AutoCloseable {
  private final BrokerIdentity identity;
  private final MutualTls tls;
  private final Supplier<Membership> membership;
  private final Map<Digest, SignedAgreement> agreements = new ConcurrentHashMap<>();
  private final Map<Digest, AgreementState> states = new ConcurrentHashMap<>();
  private final Map<String, CreateJobRequest> jobs = new ConcurrentHashMap<>();
  private Server server;
  private int port;

  public FakeBroker(BrokerIdentity identity, MutualTls tls, Supplier<Membership> membership)
      throws IOException {
    this.identity = identity;
    this.tls = tls;
    this.membership = membership;
    this.server = serve();
    this.port = server.getPort();
  }

  private Server serve() throws IOException {
    return Channels.server(
            new InetSocketAddress("127.0.0.1", port),
            tls.server(identity.tls(), membership, MutualTls.WithoutCertificate.REFUSED),
            new ErrorInterceptor((method, failure) -> {}),
            new CallerInterceptor(membership, InstantSource.system(), Set.of()))
        .addService(new Agreements())
        .addService(new Keys())
        .build()
        .start();
  }

  public int port() {
    return port;
  }

  public void put(SignedAgreement signed, AgreementState state) {
    agreements.put(signed.digest(), signed);
    states.put(signed.digest(), state);
  }

  public Set<String> jobs() {
    return jobs.keySet();
  }

  public void stop() throws InterruptedException {
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  /** Comes back on the same port. */
  public void startAgain() throws IOException {
    server = serve();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }

  private final class Agreements extends AgreementServiceGrpc.AgreementServiceImplBase {
    @Override
    public void getAgreement(
        GetAgreementRequest request, StreamObserver<GetAgreementResponse> out) {
      Digest digest = new Digest(request.getAgreementSha256());
      SignedAgreement signed = agreements.get(digest);
      if (signed == null) {
        out.onError(
            GrpcStatuses.toGrpc(
                new RefusedException(Reason.AGREEMENT_NOT_FOUND, "no agreement " + digest)));
        return;
      }
      out.onNext(
          GetAgreementResponse.newBuilder()
              .setAgreement(
                  AgreementRecord.newBuilder()
                      .setSha256(digest.value())
                      .setEnvelope(signed.envelope().toProto())
                      .setState(states.getOrDefault(digest, AgreementState.AGREEMENT_STATE_ACTIVE)))
              .build());
      out.onCompleted();
    }
  }

  private final class Keys extends KeyServiceGrpc.KeyServiceImplBase {
    @Override
    public void createJob(CreateJobRequest request, StreamObserver<CreateJobResponse> out) {
      jobs.putIfAbsent(request.getJobId(), request);
      out.onNext(CreateJobResponse.newBuilder().setJobsStarted(jobs.size()).build());
      out.onCompleted();
    }

    @Override
    public void createChallenge(
        CreateChallengeRequest request, StreamObserver<CreateChallengeResponse> out) {
      out.onNext(
          CreateChallengeResponse.newBuilder().setNonce(ByteString.copyFrom(new byte[32])).build());
      out.onCompleted();
    }

    @Override
    public void finishJob(FinishJobRequest request, StreamObserver<FinishJobResponse> out) {
      try {
        JobReport report = JobReport.parseFrom(request.getReport());
        CreateJobRequest job = jobs.get(report.getJobId());
        if (job == null) {
          throw new IllegalStateException("job was not counted");
        }
        ByteString receipt =
            Receipt.newBuilder()
                .setJobId(report.getJobId())
                .setAgreementSha256(job.getAgreementSha256())
                .setJobSha256(report.getJobSha256())
                .setComputedAt(report.getParty())
                .addAllOutputs(report.getOutputsList())
                .setJobsStarted(jobs.size())
                .build()
                .toByteString();
        DsseEnvelope envelope =
            new DsseEnvelope(
                Dsse.RECEIPT_TYPE,
                receipt,
                List.of(
                    Dsse.sign(Dsse.RECEIPT_TYPE, receipt, identity.name(), identity.signingKey())));
        out.onNext(FinishJobResponse.newBuilder().setReceipt(envelope.toProto()).build());
        out.onCompleted();
      } catch (InvalidProtocolBufferException e) {
        out.onError(e);
      }
    }
  }
}
