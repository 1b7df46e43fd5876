package io.parley.peer.jobs;

import io.parley.wire.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;

/** Apps at this node, by digest. Thread-safe. */
public interface AppShelf {
  /** The folder with the app's files, when it is here. */
  Optional<Path> folder(Digest app);

  /** Writes a packed app. */
  interface Source {
    void writeTo(OutputStream packed) throws IOException;
  }

  /**
   * Takes a packed app in, and keeps it when it has this digest.
   *
   * @throws io.parley.wire.RefusedException APP_DIGEST_WRONG when it has another
   */
  Path receive(Digest app, Source source);
}
