package io.parley.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.identity.PartyIdentity;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.peer.testing.TestEnclaveServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An enclave server of its own process, whose enclaves hang, so that it can be killed. */
final class EnclaveServerProcess implements AutoCloseable {
  private final Process process;
  private final int port;

  /**
   * Starts it, and returns when it serves.
   *
   * @param identity the party's identity folder
   */
  EnclaveServerProcess(Path folder, Path identity) throws IOException {
    Files.createDirectories(folder);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (argument.startsWith("--")) {
        command.add(argument);
      }
    }
    command.addAll(
        List.of(
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            EnclaveServerProcess.class.getName(),
            folder.toString(),
            identity.toString()));
    process =
        new ProcessBuilder(command).redirectError(folder.resolve("process.log").toFile()).start();
    String line =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))
            .lines()
            .filter(said -> said.startsWith("port "))
            .findFirst()
            .orElseThrow(() -> new IOException("the enclave server did not start"));
    port = Integer.parseInt(line.substring("port ".length()));
  }

  int port() {
    return port;
  }

  /** Sends a signal, such as STOP or CONT. */
  void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    if (!kill.waitFor(20, TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new IllegalStateException("kill -%s failed".formatted(name));
    }
  }

  /** Kills it at once. */
  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
  }

  /** The process itself. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    PartyIdentity party =
        PartyIdentity.load(Path.of(args[1]), InstantSource.system(), new SecureRandom());
    try (TestEnclaveServer server =
        new TestEnclaveServer(
            folder,
            party,
            new FakeEnclaves(FakeShim::hang),
            TestEnclaveServer.config(8L << 30, 4))) {
      System.out.println("port " + server.port());
      Thread.sleep(600_000);
    }
  }
}
