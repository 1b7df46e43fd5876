package io.parley.peer.machine;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Programs of the host, from the system's own folders only: PATH may name anything. */
public final class HostTools {
  private static final List<Path> FOLDERS =
      List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/sbin"), Path.of("/sbin"));

  private HostTools() {}

  /** The program's absolute path, or SANDBOX_UNAVAILABLE with the package that brings it. */
  public static String find(String name, String packageName) {
    return find(name, packageName, Reason.SANDBOX_UNAVAILABLE, "enclaves need it");
  }

  /**
   * The program's absolute path.
   *
   * @param purpose for people: who needs it
   * @throws EnvironmentException with this reason, and the package that brings the program
   */
  public static String find(String name, String packageName, Reason reason, String purpose) {
    return FOLDERS.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElseThrow(() ->
            new EnvironmentException(
                reason,
                "%s is not installed; %s. Run: apt install %s (or dnf install %s)"
                    .formatted(name, purpose, packageName, packageName),
                Map.of("program", name)));
  }
}
