package io.parley.shim.child;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What app to start, and with how much.
 *
 * @param folder the measured copy of the app; its working folder
 * @param command program and arguments; the program is {@code java}, or a file of the app
 * @param memoryBytes the app's share of the enclave's memory
 */
public record AppCommand(Path folder, List<String> command, long memoryBytes) {
  public AppCommand {
    command = List.copyOf(command);
    if (command.isEmpty()) {
      throw new IllegalArgumentException("a command has at least a program");
    }
  }

  /** What is added to an app's environment: an interpreter that it brings finds its libraries. */
  Map<String, String> environment() {
    return command.getFirst().startsWith("interpreter/bin/")
        ? Map.of("LD_LIBRARY_PATH", folder.resolve("interpreter/lib").toString())
        : Map.of();
  }

  /** The command with the program's full path, and for Java what keeps it within its memory. */
  List<String> full(Path java) {
    List<String> full = new ArrayList<>();
    if (command.getFirst().equals("java")) {
      full.add(java.toString());
      // Half for the heap; engines below Java take the other half. The wall holds the sum.
      full.add("-Xmx" + memoryBytes / 2);
      // The runtime would otherwise take a 64th of the machine at once, used or not.
      full.add("-Xms8m");
      full.add("-XX:MaxDirectMemorySize=" + memoryBytes / 2);
      full.add("-XX:+ExitOnOutOfMemoryError");
      full.add("-XX:-UsePerfData");
      full.add("-XX:-CreateCoredumpOnCrash");
    } else {
      full.add(folder.resolve(command.getFirst()).normalize().toString());
    }
    full.addAll(command.subList(1, command.size()));
    return full;
  }
}
