package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.peer.apps.AppStore;
import io.parley.peer.apps.AppUpload;
import io.parley.peer.apps.StoredApp;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The node's store of apps, as jobs use it. Thread-safe. */
public final class StoredApps implements AppShelf {
  private final AppStore store;

  public StoredApps(AppStore store) {
    this.store = store;
  }

  @Override
  public Optional<Path> folder(Digest app) {
    return store.find(app).map(StoredApp::folder);
  }

  @Override
  public Path receive(Digest app, Source source) {
    try (AppUpload upload = store.upload();
        OutputStream pieces = new Pieces(upload)) {
      source.writeTo(pieces);
      return upload.finish(app).folder();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot take app %s in: %s".formatted(app, e.getMessage()),
          Map.of("app", app.toString()),
          e);
    }
  }

  private static final class Pieces extends OutputStream {
    private final AppUpload upload;

    Pieces(AppUpload upload) {
      this.upload = upload;
    }

    @Override
    public void write(int b) {
      upload.write(ByteString.copyFrom(new byte[] {(byte) b}));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      upload.write(ByteString.copyFrom(bytes, offset, length));
    }
  }
}
