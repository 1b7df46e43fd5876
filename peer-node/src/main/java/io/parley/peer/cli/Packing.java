package io.parley.peer.cli;

import io.parley.evidence.Manifest;
import io.parley.peer.apps.AppPacker;
import io.parley.wire.Digest;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** App folders on this machine. */
final class Packing {
  private Packing() {}

  static Manifest manifest(Path folder) {
    return AppPacker.manifest(folder);
  }

  static Digest digest(Path folder) {
    return manifest(folder).digest();
  }

  /** Writes the packed app; returns its digest. */
  static Digest pack(Path folder, Path tar) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(tar))) {
      return AppPacker.pack(folder, out).digest();
    }
  }
}
