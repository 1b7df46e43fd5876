package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.parley.evidence.BrokerEvidence;
import io.parley.peer.broker.BrokerSource;
import io.parley.proto.broker.v1.BrokerEvidenceServiceGrpc;
import io.parley.proto.broker.v1.GetBrokerEvidenceRequest;
import io.parley.transport.Channels;
import io.parley.transport.ShownCertificate;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The broker over gRPC, asked about itself. Thread-safe. */
public final class GrpcBrokerSource implements BrokerSource {
  private static final long CALL_SECONDS = 8;

  private final Supplier<? extends Channel> channel;

  /**
   * @param channel to the broker: the one that everything else goes over too
   */
  public GrpcBrokerSource(Supplier<? extends Channel> channel) {
    this.channel = channel;
  }

  @Override
  public Digest certificate() {
    ShownCertificate shown = new ShownCertificate();
    try {
      var _ =
          HealthGrpc.newBlockingStub(ClientInterceptors.intercept(channel.get(), shown))
              .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      throw failure(e);
    }
    return shown.sha256();
  }

  @Override
  public Shown evidence(ByteString nonce) {
    ShownCertificate shown = new ShownCertificate();
    try {
      return new Shown(
          BrokerEvidence.fromMessage(
              BrokerEvidenceServiceGrpc.newBlockingStub(
                      ClientInterceptors.intercept(channel.get(), shown))
                  .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                  .getBrokerEvidence(GetBrokerEvidenceRequest.newBuilder().setNonce(nonce).build())
                  .getEvidence()),
          shown.sha256());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
        throw new RefusedException(
            Reason.BROKER_EVIDENCE_MISSING,
            "this broker is of a version that shows no evidence of its own",
            Map.of(),
            e);
      }
      throw failure(e);
    }
  }

  /** What the broker says of itself is about the broker, not about this machine. */
  private static ParleyException failure(StatusRuntimeException e) {
    ParleyException failure = Channels.failure(e, Reason.BROKER_UNAVAILABLE);
    return switch (failure.reason()) {
      case IO_FAILED, SANDBOX_UNAVAILABLE, INTERNAL ->
          new EnvironmentException(
              Reason.BROKER_EVIDENCE_UNCHECKED,
              "the broker could not show evidence of its own: %s: %s"
                  .formatted(failure.reason(), failure.getMessage()),
              Map.of("check", failure.reason().name()),
              failure);
      default -> failure;
    };
  }
}
