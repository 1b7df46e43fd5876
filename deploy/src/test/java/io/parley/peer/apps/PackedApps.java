package io.parley.peer.apps;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;

/** Lets a fuzz target into this room. */
public final class PackedApps {
  private PackedApps() {}

  /** Unpacks a tar into an empty folder. */
  public static void unpack(byte[] tar, Path folder) throws IOException {
    new AppUnpacker(folder).unpack(new ByteArrayInputStream(tar));
  }
}
