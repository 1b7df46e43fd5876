package io.parley.peer.enclaves.remote;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.peer.apps.AppStore;
import io.parley.peer.apps.AppUpload;
import io.parley.peer.grpc.Calls;
import io.parley.proto.enclave.v1.AddAppRequest;
import io.parley.proto.enclave.v1.AddAppResponse;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * An app on its way into the server's store, which keeps {@value #APPS_MAX} at most. That an app is
 * what its digest says is looked at here so that a mistake is found early; what counts is what the
 * shim measures. The call's callbacks come one at a time.
 */
final class AppArrival implements StreamObserver<AddAppRequest> {
  static final int APPS_MAX = 64;

  private final AppStore apps;
  private final Semaphore slots;
  private final ExecutorService threads;
  private final ServerCallStreamObserver<AddAppResponse> out;
  private @Nullable Digest expected;
  private @Nullable AppUpload upload;
  private boolean over;

  AppArrival(
      AppStore apps,
      Semaphore slots,
      ExecutorService threads,
      ServerCallStreamObserver<AddAppResponse> out) {
    this.apps = apps;
    this.slots = slots;
    this.threads = threads;
    this.out = out;
    out.setOnCancelHandler(() -> onError(new IllegalStateException("cancelled")));
  }

  @Override
  public synchronized void onNext(AddAppRequest request) {
    if (over) {
      return;
    }
    try {
      AppUpload running = upload == null ? begin(request) : upload;
      running.write(request.getChunk());
    } catch (RuntimeException e) {
      onError(e);
      Calls.fail(out, e);
    }
  }

  private AppUpload begin(AddAppRequest request) {
    expected = new Digest(request.getSha256());
    if (apps.list().size() >= APPS_MAX && apps.find(expected).isEmpty()) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "the enclave server has %d apps already; start it with an empty state folder"
              .formatted(APPS_MAX),
          Map.of("limit", Integer.toString(APPS_MAX)));
    }
    if (!slots.tryAcquire()) {
      throw new RefusedException(
          Reason.TOO_MANY, "other apps are on their way to the enclave server already");
    }
    try {
      AppUpload begun = apps.upload();
      upload = begun;
      return begun;
    } catch (RuntimeException e) {
      slots.release();
      throw e;
    }
  }

  @Override
  public synchronized void onError(Throwable failure) {
    if (!over) {
      over = true;
      close();
    }
  }

  private void close() {
    if (upload != null) {
      upload.close();
      slots.release();
    }
  }

  @Override
  public synchronized void onCompleted() {
    if (over) {
      return;
    }
    over = true;
    threads.execute(() -> Calls.answer(out, this::finish));
  }

  private synchronized AddAppResponse finish() {
    try {
      if (upload == null) {
        throw new RefusedException(Reason.INVALID_APP, "an app of no bytes");
      }
      var _ = upload.finish(expected);
      return AddAppResponse.getDefaultInstance();
    } finally {
      close();
    }
  }
}
