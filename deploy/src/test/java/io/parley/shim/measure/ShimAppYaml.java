package io.parley.shim.measure;

import java.util.List;

/** Lets a fuzz target into this room. */
public final class ShimAppYaml {
  private ShimAppYaml() {}

  /** The command that an enclave reads from an app.yaml. */
  public static List<String> command(String yaml) {
    return AppDescription.of(yaml).command();
  }
}
