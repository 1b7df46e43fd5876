package io.parley.peer.enclaves;

import io.parley.evidence.Manifest;
import io.parley.link.HostLink;
import io.parley.link.HostLinkListener;
import io.parley.peer.machine.Folders;
import io.parley.peer.machine.RunAs;
import io.parley.peer.machine.StagingFolder;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.peer.platform.Platform;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.MemoryLimits;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts enclaves in bubblewrap sandboxes, as a user that is never root. A {@link Platform}
 * measures each of them before it starts, and vouches for it.
 *
 * <p>Copies and measures what enclaves are made of when it is made; later changes of the
 * distribution change nothing. {@link #close} removes the copy.
 */
public final class BwrapLauncher implements EnclaveLauncher {
  /** The isolation level's name in evidence. */
  public static final String ISOLATION = "bwrap";

  private static final Logger LOG = LoggerFactory.getLogger(BwrapLauncher.class);
  private static final String SOCKET = "host.sock";
  private static final String DATA = "data";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

  private final RunAs user;
  private final Platform platform;
  private final StagingFolder staging;
  private final ShimImage image;
  private final AppFolders apps;
  private final ControlGroups groups;
  private final DataMount data;
  private final List<String> inside;
  private final Set<SandboxProcess> running = ConcurrentHashMap.newKeySet();
  private final AtomicInteger count = new AtomicInteger();

  /** The thread that starts sandboxes, and with which they die: one, as long as this lives. */
  private final ExecutorService starter =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("enclave-starter").factory());

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("enclave-timer").factory());

  private BwrapLauncher(
      RunAs user,
      Platform platform,
      StagingFolder staging,
      ShimImage image,
      @Nullable List<String> inside)
      throws IOException {
    this.user = user;
    this.platform = platform;
    this.staging = staging;
    this.image = image;
    this.inside = inside == null ? image.command() : inside;
    this.apps =
        new AppFolders(
            user, platform.measuresApps(), Folders.passable(staging.path().resolve("apps")));
    Folders.passable(staging.path().resolve("run"));
    this.groups = ControlGroups.open();
    this.data = DataMount.probe(user, staging.path());
  }

  /**
   * Checks that this machine can isolate, then copies and measures.
   *
   * @param platform what vouches for the enclaves; stays the caller's to close
   * @param temporary where the private folder is made; the enclaves' user must be able to reach it
   * @throws EnvironmentException SANDBOX_UNAVAILABLE with what to run
   */
  public static BwrapLauncher open(
      ShimDistribution distribution, Platform platform, Path temporary) {
    return open(distribution, platform, temporary, RunAs.DEFAULT_UID);
  }

  /**
   * As {@link #open(ShimDistribution, Platform, Path)}.
   *
   * @param unprivilegedUid user that enclaves run as when this process runs as root
   */
  public static BwrapLauncher open(
      ShimDistribution distribution, Platform platform, Path temporary, int unprivilegedUid) {
    return open(distribution, platform, temporary, unprivilegedUid, null);
  }

  static BwrapLauncher open(
      ShimDistribution distribution,
      Platform platform,
      Path temporary,
      int unprivilegedUid,
      @Nullable List<String> inside) {
    RunAs user = RunAs.current(unprivilegedUid);
    SandboxProbe.check(unprivilegedUid);
    try {
      StagingFolder staging = StagingFolder.create(temporary, "enclaves");
      try {
        ShimImage image = ShimImage.stage(distribution, staging.path().resolve("image"), ISOLATION);
        LOG.info("enclaves start from {}", image.manifest().digest());
        return new BwrapLauncher(user, platform, staging, image, inside);
      } catch (IOException | RuntimeException e) {
        staging.close();
        throw e;
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "what enclaves are made of could not be copied to %s: %s"
              .formatted(temporary, e.getMessage()),
          Map.of("folder", temporary.toString()),
          e);
    }
  }

  @Override
  public Enclave launch(EnclaveRequest request) {
    long start = System.nanoTime();
    String name = "enclave-" + count.incrementAndGet();
    try {
      Path folder = Folders.passable(staging.path().resolve("run").resolve(name));
      Path socket = folder.resolve(SOCKET);
      try (HostLinkListener listener = HostLinkListener.bind(socket)) {
        user.own(socket);
        Enclave enclave = start(name, request, folder, listener);
        LOG.debug(
            "{} for job {} connected after {} ms",
            name,
            request.jobId(),
            Duration.ofNanos(System.nanoTime() - start).toMillis());
        return enclave;
      }
    } catch (IOException e) {
      throw failed("%s could not be started: %s".formatted(name, e.getMessage()), e);
    }
  }

  @Override
  public Digest shimDigest() {
    return image.manifest().digest();
  }

  /** What {@link #shimDigest} is the digest of. */
  public Manifest shimManifest() {
    return image.manifest();
  }

  /** Whether a whole enclave's memory is held by a control group, or only each process's. */
  public boolean capsWholeEnclave() {
    return groups.available();
  }

  @Override
  public String isolation() {
    return ISOLATION;
  }

  @Override
  public void close() {
    running.forEach(SandboxProcess::close);
    timer.shutdownNow();
    starter.shutdownNow();
    groups.close();
    staging.close();
  }

  private Enclave start(String name, EnclaveRequest request, Path folder, HostLinkListener listener)
      throws IOException {
    List<Path> folders = new ArrayList<>();
    List<@Nullable Digest> digests = new ArrayList<>();
    for (Path source : request.apps().folders()) {
      AppFolders.Mounted app = apps.mounted(source);
      folders.add(app.folder());
      digests.add(app.digest());
    }
    Digest measured = request.apps().digest(digests);
    Launch launch =
        platform.measure(new Measurement(shimDigest(), ISOLATION, measured, request.tpm()));
    try {
      SandboxProcess process = start(name, request, folders, folder);
      watch(process, listener, request.timeout());
      return connected(process, listener, request, launch);
    } catch (IOException | RuntimeException e) {
      launch.close();
      throw e;
    }
  }

  private SandboxProcess start(String name, EnclaveRequest request, List<Path> apps, Path folder)
      throws IOException {
    ControlGroup group = groups.create(request.memoryLimitBytes());
    List<String> sandbox =
        SandboxCommand.filled(
            user,
            image.folder(),
            apps,
            data,
            Folders.passable(folder.resolve(DATA)),
            folder.resolve(SOCKET),
            request.memoryLimitBytes(),
            inside);
    List<String> command = new ArrayList<>(group.prefix());
    command.addAll(sandbox);
    try {
      return onStarter(() -> SandboxProcess.start(name, command, image.seccomp(), group, folder));
    } catch (IOException e) {
      group.close();
      throw e;
    }
  }

  private <T> T onStarter(Callable<T> task) throws IOException {
    try {
      return starter.submit(task).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void watch(SandboxProcess process, HostLinkListener listener, Duration timeout) {
    running.add(process);
    ScheduledFuture<?> kill =
        timer.schedule(process::kill, timeout.toMillis(), TimeUnit.MILLISECONDS);
    process
        .exit()
        .whenComplete((exit, failure) -> {
          kill.cancel(false);
          running.remove(process);
          listener.close();
        })
        .exceptionally(failure -> {
          LOG.error("the end of an enclave went wrong", failure);
          return new EnclaveExit(-1, false, "unknown");
        });
  }

  private Enclave connected(
      SandboxProcess process, HostLinkListener listener, EnclaveRequest request, Launch launch) {
    Duration timeout =
        request.timeout().compareTo(CONNECT_TIMEOUT) < 0 ? request.timeout() : CONNECT_TIMEOUT;
    try {
      HostLink link = listener.accept(user.uid(), timeout);
      return new BwrapEnclave(process, link, launch);
    } catch (IOException e) {
      boolean ended = process.exit().isDone();
      process.close();
      throw ended
          ? crashed(process, request, e)
          : failed(
              "the shim did not connect in %d ms; its output: %s"
                  .formatted(timeout.toMillis(), process.tail()),
              e);
    }
  }

  private static ParleyException crashed(
      SandboxProcess process, EnclaveRequest request, IOException cause) {
    EnclaveExit exit = process.exit().join();
    return exit.memoryLimit()
        ? MemoryLimits.exceeded(
            "the start of the enclave", request.memoryLimitBytes(), MemoryLimits.RAISE, cause)
        : failed("the enclave %s; its output: %s".formatted(exit.detail(), process.tail()), cause);
  }

  private static EnvironmentException failed(String message, IOException cause) {
    return new EnvironmentException(Reason.ENCLAVE_CRASHED, message, Map.of(), cause);
  }
}
