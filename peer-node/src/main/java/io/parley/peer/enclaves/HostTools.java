package io.parley.peer.enclaves;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Programs of the host, from the system's own folders only: PATH may name anything. */
final class HostTools {
  private static final List<Path> FOLDERS =
      List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/sbin"), Path.of("/sbin"));

  private HostTools() {}

  /** The program's absolute path, or SANDBOX_UNAVAILABLE with the package that brings it. */
  static String find(String name, String packageName) {
    return FOLDERS.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElseThrow(() ->
            new EnvironmentException(
                Reason.SANDBOX_UNAVAILABLE,
                "%s is not installed; enclaves need it. Run: apt install %s (or dnf install %s)"
                    .formatted(name, packageName, packageName),
                Map.of("program", name)));
  }
}
