package io.parley.peer.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.peer.apps.AppStore;
import io.parley.peer.apps.AppUpload;
import io.parley.peer.apps.StoredApp;
import io.parley.proto.peer.v1.AddAppRequest;
import io.parley.proto.peer.v1.AddAppResponse;
import io.parley.proto.peer.v1.App;
import io.parley.proto.peer.v1.AppServiceGrpc;
import io.parley.proto.peer.v1.ListAppsRequest;
import io.parley.proto.peer.v1.ListAppsResponse;
import java.util.concurrent.ExecutorService;

/** Apps for the party's own clients. */
public final class AppGrpc extends AppServiceGrpc.AppServiceImplBase {
  private final AppStore apps;
  private final ExecutorService threads;

  /**
   * @param threads platform threads, for unpacking
   */
  public AppGrpc(AppStore apps, ExecutorService threads) {
    this.apps = apps;
    this.threads = threads;
  }

  @Override
  public StreamObserver<AddAppRequest> addApp(StreamObserver<AddAppResponse> out) {
    return new Adding(out, apps.upload());
  }

  /** One upload; the call's callbacks come one at a time. */
  private final class Adding implements StreamObserver<AddAppRequest> {
    private final StreamObserver<AddAppResponse> out;
    private final AppUpload upload;
    private boolean over;

    Adding(StreamObserver<AddAppResponse> out, AppUpload upload) {
      this.out = out;
      this.upload = upload;
    }

    @Override
    public void onNext(AddAppRequest request) {
      if (over) {
        return;
      }
      try {
        upload.write(request.getChunk());
      } catch (RuntimeException e) {
        onError(e);
        Calls.fail(out, e);
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (!over) {
        over = true;
        upload.close();
      }
    }

    @Override
    public void onCompleted() {
      if (over) {
        return;
      }
      over = true;
      threads.execute(() ->
          Calls.answer(
              out,
              () -> {
                try (upload) {
                  return AddAppResponse.newBuilder().setApp(message(upload.finish(null))).build();
                }
              }));
    }
  }

  @Override
  public void listApps(ListAppsRequest request, StreamObserver<ListAppsResponse> out) {
    Calls.answer(
        out,
        () ->
            ListAppsResponse.newBuilder()
                .addAllApps(apps.list().stream().map(AppGrpc::message).toList())
                .build());
  }

  private static App message(StoredApp app) {
    return App.newBuilder()
        .setName(app.name())
        .setSha256(app.digest().value())
        .setSizeBytes(app.sizeBytes())
        .build();
  }
}
