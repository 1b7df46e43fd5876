package io.parley.peer.enclaves;

import java.util.ArrayList;
import java.util.List;

/**
 * The command line of the shim's JVM, as it is inside the enclave. It is the same for every job.
 */
final class ShimCommand {
  private static final List<String> FLAGS =
      List.of(
          // Small and predictable; the app has the rest of the enclave's memory.
          "-XX:+UseSerialGC",
          // One job and out: what the second compiler would win, its own time costs again.
          "-XX:TieredStopAtLevel=1",
          // The class archive stays at the address it was made for: moved, all its pages would be
          // written. So that address is known, to a process that runs no code but Java and ours.
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:ArchiveRelocationMode=0",
          "-Xms32m",
          "-Xmx192m",
          "-XX:MaxDirectMemorySize=192m",
          "-XX:+ExitOnOutOfMemoryError",
          // Nothing of the shim's memory in files, and no door for other processes.
          "-XX:-UsePerfData",
          "-XX:+DisableAttachMechanism",
          "-XX:-CreateCoredumpOnCrash",
          "-Xrs",
          "-Xlog:disable",
          "-Xlog:all=error:stderr",
          // The app may write /tmp, so what the shim loads code from is elsewhere.
          "-Djava.io.tmpdir=/private",
          "--enable-native-access=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private ShimCommand() {}

  static List<String> of(ShimDistribution distribution) {
    List<String> command = new ArrayList<>();
    command.add("/jdk/bin/java");
    command.addAll(FLAGS);
    command.add("-Xshare:auto");
    if (distribution.archived()) {
      command.add("-XX:SharedArchiveFile=/shim/" + ShimDistribution.ARCHIVE);
    }
    command.add("-cp");
    command.add(String.join(":", distribution.jars().stream().map("/shim/"::concat).toList()));
    command.add(distribution.mainClass());
    command.add(SandboxCommand.SOCKET);
    return command;
  }
}
