package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.parley.identity.NodeIdentity;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.GetInfoRequest;
import io.parley.proto.enclave.v1.GetInfoResponse;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.time.Duration;
import java.util.Map;

/**
 * Where a party's enclave server is, and how to get there: TLS 1.3 to that server and no other.
 * Thread-safe.
 */
public final class EnclaveClient {
  /** What a server says of itself. */
  public record Info(
      String version,
      Digest shim,
      String isolation,
      String evidenceKind,
      long memoryBytes,
      long freeMemoryBytes,
      int enclavesMax,
      int enclavesRunning) {}

  private static final Duration INFO_WITHIN = Duration.ofSeconds(10);
  private static final int SHORT_TEXT_CHARS = 64;

  private final RemoteEnclave remote;
  private final NodeIdentity identity;
  private final MutualTls tls;
  private final ExpectedServer expected;

  public EnclaveClient(RemoteEnclave remote, NodeIdentity identity, MutualTls tls) {
    this.remote = remote;
    this.identity = identity;
    this.tls = tls;
    this.expected =
        new ExpectedServer.EnclaveOf(identity.party(), remote.name(), identity.tls().ca());
  }

  /** A connection of its own, made with the first call; the caller shuts it down. */
  ManagedChannel open() {
    return Channels.open(remote.address().toString(), tls, identity.tls(), expected);
  }

  /**
   * Asks the server, now.
   *
   * @throws ParleyException ENCLAVE_UNAVAILABLE when it cannot be reached, UNAUTHENTICATED when
   *     somebody else is there, or it takes us for somebody else
   */
  public Info info() {
    ManagedChannel channel = open();
    try {
      GetInfoResponse info =
          EnclaveServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(INFO_WITHIN)
              .getInfo(GetInfoRequest.getDefaultInstance());
      return new Info(
          cut(info.getVersion()),
          digest(info.getShimSha256()),
          cut(info.getIsolation()),
          cut(info.getEvidenceKind()),
          info.getMemoryBytes(),
          info.getFreeMemoryBytes(),
          info.getEnclavesMax(),
          info.getEnclavesRunning());
    } catch (StatusRuntimeException e) {
      throw failure(e);
    } finally {
      channel.shutdownNow();
    }
  }

  private static Digest digest(ByteString value) {
    if (value.size() != Digest.SIZE_BYTES) {
      throw new EnvironmentException(
          Reason.ENCLAVE_UNAVAILABLE, "the enclave server names no shim; is it of this version?");
    }
    return new Digest(value);
  }

  private static String cut(String text) {
    return text.length() > SHORT_TEXT_CHARS ? text.substring(0, SHORT_TEXT_CHARS) : text;
  }

  /** What a failed call to the server means. */
  ParleyException failure(Throwable cause) {
    ParleyException failure = Channels.failure(cause, Reason.ENCLAVE_UNAVAILABLE);
    return failure.reason() == Reason.ENCLAVE_UNAVAILABLE
        ? new EnvironmentException(
            Reason.ENCLAVE_UNAVAILABLE,
            "the enclave server '%s' at %s cannot be reached, or is gone: %s"
                .formatted(remote.name(), remote.address(), failure.getMessage()),
            Map.of("enclave", remote.name(), "address", remote.address().toString()),
            cause)
        : failure;
  }
}
