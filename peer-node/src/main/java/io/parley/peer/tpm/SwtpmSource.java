package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.peer.machine.ConfinedTools;
import io.parley.peer.machine.Folders;
import io.parley.peer.machine.RunAs;
import io.parley.peer.machine.StagingFolder;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An emulated TPM for each enclave, started before it and gone with it. It is a program of the
 * host's: whoever owns the host can make it say anything. Its certificate says {@code swtpm}.
 */
final class SwtpmSource implements TpmSource {
  private static final Logger LOG = LoggerFactory.getLogger(SwtpmSource.class);
  private static final Duration START_WITHIN = Duration.ofSeconds(20);
  private static final Duration COMMAND_WITHIN = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(3);
  private static final String SOCKET = "socket";

  /** sun_path of sockaddr_un (unix(7)), without its last zero. */
  private static final int SOCKET_PATH_BYTES_MAX = 107;

  private final StagingFolder staging;
  private final ConfinedTools tools;
  private final SwtpmAuthority authority;
  private final SwtpmStates states;
  private final RunAs user;
  private final Set<Running> running = ConcurrentHashMap.newKeySet();

  private SwtpmSource(
      StagingFolder staging,
      ConfinedTools tools,
      SwtpmAuthority authority,
      SwtpmStates states,
      RunAs user) {
    this.staging = staging;
    this.tools = tools;
    this.authority = authority;
    this.states = states;
    this.user = user;
  }

  /**
   * Looks whether swtpm is installed.
   *
   * @param authority folder of the party's authority for emulated TPMs
   * @param temporary where a private folder is made
   * @param user who emulators run as where this process is root
   * @throws EnvironmentException PLATFORM_UNAVAILABLE with what to run
   */
  static SwtpmSource open(Path authority, Path temporary, RunAs user) throws IOException {
    SwtpmTools.emulator();
    SwtpmTools.setup();
    StagingFolder staging = StagingFolder.create(temporary, "swtpm");
    try {
      SwtpmAuthority ca = SwtpmAuthority.open(authority, staging.path());
      ConfinedTools tools = new ConfinedTools();
      return new SwtpmSource(
          staging, tools, ca, new SwtpmStates(tools, ca, staging.path(), user), user);
    } catch (IOException | RuntimeException e) {
      staging.close();
      throw e;
    }
  }

  @Override
  public Session open() throws IOException {
    Path state = states.take();
    try {
      Path socket = state.resolve(SOCKET);
      if (socket.toString().length() > SOCKET_PATH_BYTES_MAX) {
        throw new EnvironmentException(
            Reason.PLATFORM_UNAVAILABLE,
            "'%s' is too long for a socket; set TMPDIR to a shorter folder".formatted(socket),
            Map.of("socket", socket.toString()));
      }
      return started(state, socket);
    } catch (IOException | RuntimeException e) {
      Folders.delete(state);
      throw e;
    }
  }

  private Session started(Path state, Path socket) throws IOException {
    ConfinedTools.Program program =
        new ConfinedTools.Program(
            user,
            true,
            List.of(state),
            List.of(
                SwtpmTools.emulator(),
                "socket",
                "--tpm2",
                "--tpmstate",
                "dir=" + state,
                "--server",
                "type=unixio,path=" + socket,
                "--flags",
                "not-need-init,startup-clear",
                "--terminate"),
            staging.path().resolve(state.getFileName() + ".log"));
    Process process = tools.start(program);
    try {
      Running session = new Running(state, program, process, connect(program, process, socket));
      running.add(session);
      return session;
    } catch (IOException | RuntimeException e) {
      ConfinedTools.end(process);
      Files.deleteIfExists(program.output());
      throw e;
    }
  }

  private static SocketTransport connect(
      ConfinedTools.Program program, Process process, Path socket) throws IOException {
    long deadline = System.nanoTime() + START_WITHIN.toNanos();
    while (true) {
      try {
        return SocketTransport.connect(socket, COMMAND_WITHIN);
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() - deadline > 0) {
          throw new EnvironmentException(
              Reason.PLATFORM_UNAVAILABLE,
              "swtpm %s; it said: %s"
                  .formatted(
                      process.isAlive()
                          ? "did not listen in %d s".formatted(START_WITHIN.toSeconds())
                          : "ended with code %d".formatted(process.exitValue()),
                      ConfinedTools.output(program)),
              Map.of(),
              e);
        }
      }
      pause();
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while swtpm started", e);
    }
  }

  @Override
  public void close() {
    running.forEach(Running::close);
    states.close();
    tools.close();
    staging.close();
  }

  private final class Running implements Session {
    private final Path state;
    private final ConfinedTools.Program program;
    private final Process process;
    private final TpmClient tpm;
    private final MemoryLog log = new MemoryLog();

    Running(Path state, ConfinedTools.Program program, Process process, SocketTransport transport) {
      this.state = state;
      this.program = program;
      this.process = process;
      this.tpm = new TpmClient(transport);
    }

    @Override
    public TpmClient tpm() {
      return tpm;
    }

    @Override
    public EventLog log() {
      return log;
    }

    @Override
    public List<ByteString> issuers() throws IOException {
      return authority.chain();
    }

    /** The party's own authority revokes nothing. */
    @Override
    public List<ByteString> lists() {
      return List.of();
    }

    @Override
    public void close() {
      if (!running.remove(this)) {
        return;
      }
      ConfinedTools.end(process);
      tpm.close();
      try {
        Folders.delete(state);
        Files.deleteIfExists(program.output());
      } catch (IOException e) {
        LOG.warn("{} could not be removed: {}", state, e.getMessage());
      }
    }
  }
}
