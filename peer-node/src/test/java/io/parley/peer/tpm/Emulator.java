package io.parley.peer.tpm;

import io.parley.peer.machine.ConfinedTools;
import io.parley.peer.machine.RunAs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One emulated TPM that can be switched off and on again, like a machine's. */
final class Emulator implements AutoCloseable {
  private final ConfinedTools tools = new ConfinedTools();
  private final SwtpmAuthority authority;
  private final SwtpmStates states;
  private final Path folder;
  private final Path state;
  private Process process;
  private SocketTransport transport;

  Emulator(Path folder) throws IOException {
    this.folder = folder;
    Path workspace = Files.createDirectory(folder.resolve("emulator"));
    Files.setPosixFilePermissions(workspace, Files.getPosixFilePermissions(folder));
    authority = SwtpmAuthority.open(folder.resolve("emulator-authority"), workspace);
    states = new SwtpmStates(tools, authority, workspace, RunAs.current(RunAs.DEFAULT_UID));
    state = states.take();
    start();
  }

  SwtpmAuthority authority() {
    return authority;
  }

  byte[] answer(byte[] command) throws IOException {
    return transport.transmit(command);
  }

  /** Off and on. */
  void reboot() throws IOException {
    stop();
    start();
  }

  private void start() throws IOException {
    Path socket = state.resolve("socket");
    Files.deleteIfExists(socket);
    process =
        tools.start(
            new ConfinedTools.Program(
                RunAs.current(RunAs.DEFAULT_UID),
                true,
                List.of(state),
                List.of(
                    "/usr/bin/swtpm",
                    "socket",
                    "--tpm2",
                    "--tpmstate",
                    "dir=" + state,
                    "--server",
                    "type=unixio,path=" + socket,
                    "--flags",
                    "not-need-init,startup-clear",
                    "--terminate"),
                folder.resolve("emulator.log")));
    while (true) {
      try {
        transport = SocketTransport.connect(socket, Duration.ofSeconds(20));
        return;
      } catch (IOException e) {
        if (!process.isAlive()) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  private void stop() {
    transport.close();
    ConfinedTools.end(process);
  }

  @Override
  public void close() {
    stop();
    states.close();
    tools.close();
  }
}
