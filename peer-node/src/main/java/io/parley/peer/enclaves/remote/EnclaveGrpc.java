package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.peer.grpc.Calls;
import io.parley.proto.enclave.v1.AddAppRequest;
import io.parley.proto.enclave.v1.AddAppResponse;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.GetInfoRequest;
import io.parley.proto.enclave.v1.GetInfoResponse;
import io.parley.proto.enclave.v1.HandOverRequest;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.proto.enclave.v1.RunEnclaveRequest;
import io.parley.proto.enclave.v1.RunEnclaveResponse;
import java.security.SecureRandom;
import java.util.concurrent.Semaphore;

/** What an enclave server does for its party's node. Thread-safe. */
final class EnclaveGrpc extends EnclaveServiceGrpc.EnclaveServiceImplBase {
  private static final int NAME_BYTES = 16;
  private static final int UPLOADS_AT_ONCE = 2;

  private final ServedRun.Needs needs;
  private final String version;
  private final SecureRandom random;
  private final Semaphore uploads = new Semaphore(UPLOADS_AT_ONCE);

  EnclaveGrpc(ServedRun.Needs needs, String version, SecureRandom random) {
    this.needs = needs;
    this.version = version;
    this.random = random;
  }

  @Override
  public void getInfo(GetInfoRequest request, StreamObserver<GetInfoResponse> out) {
    Calls.answer(
        out,
        () ->
            GetInfoResponse.newBuilder()
                .setVersion(version)
                .setShimSha256(needs.launcher().shimDigest().value())
                .setIsolation(needs.launcher().isolation())
                .setEvidenceKind(needs.evidenceKind())
                .setMemoryBytes(needs.capacity().memoryBytes())
                .setFreeMemoryBytes(needs.capacity().freeBytes())
                .setEnclavesMax(needs.capacity().enclavesMax())
                .setEnclavesRunning(needs.capacity().enclaves())
                .build());
  }

  @Override
  public StreamObserver<AddAppRequest> addApp(StreamObserver<AddAppResponse> out) {
    return new AppArrival(
        needs.apps(), uploads, needs.threads(), (ServerCallStreamObserver<AddAppResponse>) out);
  }

  @Override
  public StreamObserver<RunEnclaveRequest> runEnclave(StreamObserver<RunEnclaveResponse> out) {
    byte[] name = new byte[NAME_BYTES];
    random.nextBytes(name);
    ServedRun run =
        new ServedRun(
            needs, ByteString.copyFrom(name), (ServerCallStreamObserver<RunEnclaveResponse>) out);
    run.begin();
    return run;
  }

  @Override
  public StreamObserver<HandOverRequest> handOver(StreamObserver<HandOverResponse> out) {
    ServedHandOver handOver =
        new ServedHandOver(
            needs.runs(), needs.threads(), (ServerCallStreamObserver<HandOverResponse>) out);
    handOver.begin();
    return handOver;
  }
}
