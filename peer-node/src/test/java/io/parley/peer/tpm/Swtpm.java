package io.parley.peer.tpm;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parley.peer.machine.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/** The emulator on this machine. */
final class Swtpm {
  private Swtpm() {}

  /** Skips a test where it is not installed. */
  static void require() {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/swtpm"))
            && Files.isExecutable(Path.of("/usr/bin/swtpm_setup")),
        "swtpm and swtpm-tools are not installed");
  }

  /** A fresh folder that other users may pass through. */
  static Path folder() throws IOException {
    Path folder = Files.createTempDirectory("swtpm-test-");
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  /** Everything that was started with this folder in its command line, by whomever. */
  static List<ProcessHandle> processes(Path folder) {
    return ProcessHandle.allProcesses()
        .filter(
            process -> process.info().commandLine().orElse("").contains(folder.toString() + "/"))
        .filter(process -> process.pid() != ProcessHandle.current().pid())
        .toList();
  }

  /** Nothing of this folder stays; what a tool has told to end may still take a moment over it. */
  static void awaitNone(Path folder) {
    await().atMost(Duration.ofSeconds(20)).until(() -> processes(folder).isEmpty());
  }

  static void delete(Path folder) throws IOException {
    Folders.delete(folder);
  }
}
