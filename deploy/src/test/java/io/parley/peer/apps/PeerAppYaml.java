package io.parley.peer.apps;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Lets a fuzz target into this room. */
public final class PeerAppYaml {
  public static final String FILE = AppDescription.FILE;

  private PeerAppYaml() {}

  /** The command that a node reads from the folder's app.yaml. */
  public static List<String> command(Path folder) throws IOException {
    return AppDescription.read(folder).command();
  }
}
