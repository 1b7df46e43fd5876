package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.Manifest;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.peer.machine.Folders;
import io.parley.peer.machine.RunAs;
import io.parley.peer.machine.StagingFolder;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.peer.platform.Platform;
import io.parley.peer.platform.SimulatedPlatform;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BwrapLauncherTest {
  private static final long MEMORY_BYTES = 512L << 20;
  private static final Platform PLATFORM =
      new SimulatedPlatform((label, message) -> ByteString.copyFrom(new byte[64]));
  private static final Credentials NO_CREDENTIALS =
      wish -> {
        throw new AssertionError("the simulated platform needs no credential");
      };

  private Path folder;
  private ShimDistribution distribution;
  private BwrapLauncher launcher;

  @BeforeAll
  void open() throws IOException {
    try {
      SandboxProbe.check(RunAs.DEFAULT_UID);
    } catch (EnvironmentException e) {
      Assumptions.abort("no sandbox on this machine: " + e.getMessage());
    }
    folder = Files.createTempDirectory("enclave-test-");
    distribution = ProbeDistribution.in(Files.createDirectories(folder.resolve("dist")));
    launcher = BwrapLauncher.open(distribution, PLATFORM, temporary());
  }

  @AfterAll
  void close() throws IOException {
    if (launcher != null) {
      launcher.close();
      try (Stream<Path> left = Files.list(temporary())) {
        assertThat(left.filter(BwrapLauncherTest::isLocked)).isEmpty();
      }
      Folders.delete(folder);
    }
  }

  @Test
  void sandboxSeesNothingOfTheHost() throws IOException {
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "list /"))
          .isEqualTo("app appsrc dev in jdk job lib lib64 net out private proc run shim tmp usr");
      assertThat(ask(enclave, "list /run")).isEqualTo("host.sock");
      assertThat(ask(enclave, "list /dev")).isEqualTo("null random urandom zero");
      assertThat(ask(enclave, "list /appsrc")).isEmpty();
      assertThat(ask(enclave, "read /etc/passwd")).startsWith("failed");
      assertThat(ask(enclave, "read /proc/self/status"))
          .contains("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000");
      assertThat(ask(enclave, "read /proc/self/limits"))
          .containsPattern("Max core file size +1 +1");
    }
  }

  @Test
  void sandboxSeesNoOtherProcess() throws IOException {
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "list /proc").split(" "))
          .filteredOn(name -> name.matches("\\d+"))
          .containsExactly("1");
    }
  }

  @Test
  void environmentHoldsNothingOfTheHost() throws IOException {
    assertThat(System.getenv()).containsKey("PATH");
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "env"))
          .isIn("{LC_CTYPE=C.UTF-8, PWD=/private}", "{PWD=/private, LC_CTYPE=C.UTF-8}");
      assertThat(ask(enclave, "read /proc/1/environ"))
          .isEqualTo("LC_CTYPE=C.UTF-8\0PWD=/private\0");
    }
  }

  @Test
  void noDescriptorIsInherited() throws IOException {
    try (ServerSocket leak = new ServerSocket(0);
        Enclave enclave = launch(null)) {
      assertThat(leak.isBound()).isTrue();
      for (String link : ask(enclave, "links /proc/self/fd").strip().split(" ")) {
        assertThat(link.split("->")[1])
            .matches(
                "/dev/(u?random|null)|pipe:.*|socket:.*|/jdk/lib/modules|/shim/.*jar|/proc/.*");
        assertThat(link)
            .matches("[0-2]->.*|\\d+->(/dev/u?random|/jdk/.*|/shim/.*|/proc/.*|socket:.*)");
      }
    }
  }

  @Test
  void networkIsOutOfReach() throws IOException {
    try (ServerSocket server = new ServerSocket(0);
        Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "connect " + server.getLocalPort())).startsWith("failed");
      assertThat(ask(enclave, "listen")).startsWith("failed");
      assertThat(ask(enclave, "read /proc/net/route").lines()).hasSizeLessThanOrEqualTo(1);
    }
  }

  @Test
  void hostSettingsStayOutOfReachAlsoWhenRootStartsTheNode() throws IOException {
    String before = Files.readString(Path.of("/proc/sys/kernel/core_pattern"));
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "write /proc/sys/kernel/core_pattern"))
          .startsWith("failed: java.nio.file.AccessDenied");
      assertThat(ask(enclave, "write /proc/sysrq-trigger")).startsWith("failed");
    }
    assertThat(Files.readString(Path.of("/proc/sys/kernel/core_pattern"))).isEqualTo(before);
  }

  @Test
  void rootAsTheEnclavesUserIsRefused() {
    assertThatThrownBy(() -> new RunAs(0, false)).hasMessageContaining("may not run as root");
  }

  @Test
  void codeAndRootAreReadOnlyAndOthersAreTmpfs() throws IOException {
    try (Enclave enclave = launch(null)) {
      for (String place :
          List.of("/x", "/jdk/x", "/shim/x", "/lib/x", "/run/x", "/dev/x", "/appsrc/x")) {
        assertThat(ask(enclave, "write " + place)).as(place).startsWith("failed");
      }
      for (String place : List.of("/tmp/x", "/in/x", "/out/x", "/app/x", "/net/x", "/private/x")) {
        assertThat(ask(enclave, "write " + place)).isEqualTo(place);
      }
      assertThat(ask(enclave, "unicode")).startsWith("/tmp/");
      assertThat(ask(enclave, "list /tmp")).contains("\u00e4\u4e2d\uD83D\uDE00");
    }
  }

  @Test
  void noShellAndNoOtherProgramIsThere() throws IOException {
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "exec /bin/sh")).startsWith("failed");
      assertThat(ask(enclave, "exec /usr/bin/env")).startsWith("failed");
    }
  }

  @Test
  void appFolderIsMountedAndAChangeOfItIsSeenNextTime() throws IOException {
    Path app = Files.createDirectories(folder.resolve("app"));
    Files.writeString(app.resolve("query.sql"), "one");
    try (Enclave enclave = launch(app)) {
      assertThat(ask(enclave, "read /appsrc/1/query.sql")).isEqualTo("one");
    }
    Files.writeString(app.resolve("query.sql"), "twenty");
    try (Enclave enclave = launch(app)) {
      assertThat(ask(enclave, "read /appsrc/1/query.sql")).isEqualTo("twenty");
    }
  }

  @Test
  void memoryLimitEndsTheEnclaveAndNothingElse() throws IOException {
    Assumptions.assumeTrue(
        launcher.capsWholeEnclave(), "no control group with a memory limit on this machine");
    try (Enclave other = launch(null);
        Enclave enclave = launch(null)) {
      enclave.link().send("fill /in 400".getBytes(UTF_8));
      assertThat(new String(enclave.link().receive().frame(), UTF_8)).isEqualTo("filled");
      enclave.link().send("fill /tmp 400".getBytes(UTF_8));
      EnclaveExit exit = enclave.exit().join();
      assertThat(exit.memoryLimit()).isTrue();
      assertThat(exit.code()).isEqualTo(137);
      assertThat(ask(other, "list /run")).isEqualTo("host.sock");
    }
  }

  @Test
  void eachProcessAndEachFolderHasItsOwnLimitToo() throws IOException {
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "read /proc/self/limits"))
          .containsPattern("Max data size +" + MEMORY_BYTES)
          .containsPattern("Max file size +" + MEMORY_BYTES);
      assertThat(ask(enclave, "read /proc/self/mountinfo").lines())
          .filteredOn(line -> line.contains(" - tmpfs "))
          .filteredOn(line -> !line.contains(" / ro,"))
          .hasSize(5)
          .allMatch(line -> line.contains("size=" + (MEMORY_BYTES >> 10) + "k"));
    }
  }

  @Test
  void dataLiesInLargePagesWhereTheMachineGrantsThem() throws IOException {
    Assumptions.assumeTrue(
        DataMount.probe(RunAs.current(RunAs.DEFAULT_UID), Path.of("/tmp")).largePages(),
        "no large pages for data on this machine");
    try (Enclave enclave = launch(null)) {
      assertThat(ask(enclave, "read /proc/self/mountinfo").lines())
          .filteredOn(line -> line.contains(" /job rw,nosuid,nodev,"))
          .singleElement()
          .asString()
          .contains("huge=within_size");
    }
  }

  @Test
  void heapExhaustedEndsTheShim() throws IOException {
    try (Enclave enclave = launch(null)) {
      enclave.link().send("heap 1000".getBytes(UTF_8));
      assertThat(enclave.exit().join().code()).isEqualTo(3);
    }
  }

  @Test
  void killLeavesNoProcessFileOrControlGroup() throws IOException {
    Enclave enclave = launch(null);
    int pid = enclave.link().peer().pid();
    assertThat(ProcessHandle.of(pid)).isPresent();
    enclave.kill();
    EnclaveExit exit = enclave.exit().join();
    assertThat(exit.code()).isEqualTo(137);
    assertThat(exit.memoryLimit()).isFalse();
    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive)).isEmpty();
    enclave.close();
    assertThat(runFolders()).isEmpty();
    assertThat(ownGroups()).isEmpty();
    assertThatThrownBy(() -> enclave.link().receive())
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.LINK_CLOSED));
  }

  @Test
  void shimThatEndsByItselfIsSeenWithItsCode() throws IOException {
    try (Enclave enclave = launch(null)) {
      enclave.link().send("exit 7".getBytes(UTF_8));
      assertThat(enclave.exit().join()).isEqualTo(new EnclaveExit(7, false, "ended with code 7"));
    }
  }

  @Test
  void timeoutKills() throws IOException {
    EnclaveRequest request =
        new EnclaveRequest("job", null, MEMORY_BYTES, Duration.ofSeconds(3), null);
    try (Enclave enclave = launcher.launch(request)) {
      assertThat(enclave.exit().join().code()).isEqualTo(137);
    }
  }

  @Test
  void shimThatEndsBeforeItConnectsIsACrashWithItsWords() throws IOException {
    List<String> nothing = List.of("/jdk/bin/java", "-Xmx32m", "NoSuchClass");
    try (BwrapLauncher broken =
        BwrapLauncher.open(distribution, PLATFORM, temporary(), RunAs.DEFAULT_UID, nothing)) {
      assertThatThrownBy(() -> broken.launch(request(null)))
          .isInstanceOfSatisfying(
              ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ENCLAVE_CRASHED))
          .hasMessageContaining("NoSuchClass");
      assertThat(ProcessHandle.current().descendants()).isEmpty();
    }
  }

  @Test
  void swappedJarChangesTheDigestAndNotWhatRuns() throws IOException {
    ShimDistribution own = ProbeDistribution.in(Files.createDirectories(folder.resolve("own")));
    try (BwrapLauncher before = BwrapLauncher.open(own, PLATFORM, temporary())) {
      assertThat(before.shimDigest()).isEqualTo(launcher.shimDigest());
      byte[] jar = Files.readAllBytes(own.shim().resolve("probe.jar"));
      jar[jar.length / 2] ^= 1;
      Files.write(own.shim().resolve("probe.jar"), jar);
      try (Enclave enclave = before.launch(request(null))) {
        assertThat(ask(enclave, "list /run")).isEqualTo("host.sock");
      }
      try (BwrapLauncher after = BwrapLauncher.open(own, PLATFORM, temporary())) {
        assertThat(after.shimDigest()).isNotEqualTo(before.shimDigest());
        assertThat(after.shimManifest().files().get("shim/proto.jar"))
            .isEqualTo(before.shimManifest().files().get("shim/proto.jar"));
      }
    }
  }

  @Test
  void everythingThatRunsIsInTheManifest() {
    assertThat(launcher.shimManifest().files())
        .containsKeys("jdk/lib/modules", "jdk/bin/java", "lib/libc.so.6", "shim/probe.jar");
    assertThat(launcher.shimManifest().values())
        .containsOnlyKeys("argv", "isolation", "sandbox", "seccomp");
    assertThat(launcher.shimManifest().values().get("argv"))
        .contains("DisableAttachMechanism", "-Xmx192m")
        .doesNotContain("AOTCache", "javaagent", "@");
  }

  @Test
  void platformSignsTheReportDataAndWhatWasLaunched() throws IOException {
    ByteString reportData = ByteString.copyFrom(new byte[64]);
    try (Enclave enclave = launch(null)) {
      SimulatedEvidence evidence =
          SimulatedEvidence.parse(enclave.attest(reportData, NO_CREDENTIALS));
      assertThat(evidence.shim()).isEqualTo(launcher.shimDigest());
      assertThat(evidence.isolation()).isEqualTo("bwrap");
      assertThat(evidence.reportData()).isEqualTo(new ReportData(reportData));
    }
  }

  @Test
  void killedHostLeavesNoProcessAndTheNextOneSweepsUp() throws IOException {
    Path own = Files.createDirectories(folder.resolve("host"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            ProbeHost.class.getName(),
            own.toString());
    // What a host's environment may hold to have code of its own loaded.
    builder.environment().put("JAVA_TOOL_OPTIONS", "-Dinjected=true");
    builder.environment().put("JDK_JAVA_OPTIONS", "-Dinjected=true");
    builder.environment().put("CLASSPATH", "/injected");
    Process host = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    List<String> words =
        host.inputReader()
            .lines()
            .filter(line -> line.matches("\\d+ \\{.*"))
            .findFirst()
            .map(line -> List.of(line.split(" ", 2)))
            .orElseThrow();
    assertThat(words.get(1)).doesNotContain("injected", "JAVA", "CLASSPATH");
    long pid = Long.parseLong(words.getFirst());
    assertThat(ProcessHandle.of(pid)).isPresent();
    host.destroyForcibly();
    await().atMost(Duration.ofSeconds(10)).until(() -> isGone(pid));
    assertThat(stagings(own)).hasSize(1);
    StagingFolder.create(own, "enclaves").close();
    assertThat(stagings(own)).isEmpty();
  }

  @Test
  void closingTheLauncherEndsItsEnclaves() throws IOException {
    BwrapLauncher own = BwrapLauncher.open(distribution, PLATFORM, temporary());
    Enclave enclave = own.launch(request(null));
    int pid = enclave.link().peer().pid();
    own.close();
    assertThat(enclave.exit()).isDone();
    await().atMost(Duration.ofSeconds(5)).until(() -> ProcessHandle.of(pid).isEmpty());
    enclave.close();
  }

  private Enclave launch(@Nullable Path app) {
    return launcher.launch(request(app));
  }

  @Test
  void measuresWhatIsMountedBeforeItStarts() throws IOException {
    Path app = Files.createDirectory(folder.resolve("measured-app"));
    Files.writeString(app.resolve("app.yaml"), "name: measured\n");
    RecordingPlatform platform = new RecordingPlatform();
    try (BwrapLauncher own = BwrapLauncher.open(distribution, platform, temporary())) {
      Digest before = Manifest.builder().stage(app, folder.resolve("copy")).build().digest();
      TpmPolicy wish =
          new TpmPolicy(
              new TreeMap<>(),
              List.of(),
              new TreeMap<>(Map.of("vendor", before)),
              List.of("swtpm"));
      EnclaveRequest request =
          new EnclaveRequest("job", app, MEMORY_BYTES, Duration.ofSeconds(60), wish);
      try (Enclave enclave = own.launch(request)) {
        assertThat(platform.measured)
            .containsExactly(new Measurement(own.shimDigest(), "bwrap", before, wish));
        assertThat(platform.open).hasValue(1);
      }
      assertThat(platform.open).hasValue(0);
      Files.writeString(app.resolve("app.yaml"), "name: changed\n");
      try (Enclave enclave = own.launch(request)) {
        assertThat(platform.measured.getLast().app()).isNotNull().isNotEqualTo(before);
      }
    }
  }

  @Test
  void letsGoOfThePlatformWhenTheShimDoesNotStart() throws IOException {
    RecordingPlatform platform = new RecordingPlatform();
    List<String> nothing = List.of("/jdk/bin/java", "-version");
    try (BwrapLauncher broken =
        BwrapLauncher.open(distribution, platform, temporary(), RunAs.DEFAULT_UID, nothing)) {
      assertThatThrownBy(() -> broken.launch(request(null))).isInstanceOf(ParleyException.class);
      assertThat(platform.measured).hasSize(1);
      assertThat(platform.open).hasValue(0);
    }
  }

  private static final class RecordingPlatform implements Platform {
    private final List<Measurement> measured = new ArrayList<>();
    private final AtomicInteger open = new AtomicInteger();

    @Override
    public String kind() {
      return "recording";
    }

    @Override
    public boolean measuresApps() {
      return true;
    }

    @Override
    public Launch measure(Measurement what) {
      measured.add(what);
      open.incrementAndGet();
      return new Launch() {
        @Override
        public ByteString attest(ReportData reportData, Credentials credentials) {
          return reportData.value();
        }

        @Override
        public void close() {
          open.decrementAndGet();
        }
      };
    }

    @Override
    public void close() {}
  }

  private static EnclaveRequest request(@Nullable Path app) {
    return new EnclaveRequest("job", app, MEMORY_BYTES, Duration.ofSeconds(60), null);
  }

  private static String ask(Enclave enclave, String command) {
    enclave.link().send(command.getBytes(UTF_8));
    return new String(enclave.link().receive(Duration.ofSeconds(30)).frame(), UTF_8);
  }

  private static Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /** Also a process that nobody has reaped yet runs no more. */
  private static boolean isGone(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
    } catch (IOException e) {
      return true;
    }
  }

  private static List<Path> stagings(Path temporary) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(f -> f.getFileName().toString().startsWith("parley-enclaves-")).toList();
    }
  }

  private static boolean isLocked(Path file) {
    return file.getFileName().toString().startsWith("parley-enclaves-")
        && Files.isDirectory(file.resolve("run"))
        && ownStaging(file);
  }

  private static boolean ownStaging(Path staging) {
    try {
      return Files.readString(staging.resolve("pid"))
          .equals(Long.toString(ProcessHandle.current().pid()));
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Path> runFolders() throws IOException {
    try (Stream<Path> stagings = Files.list(temporary())) {
      return stagings
          .filter(BwrapLauncherTest::isLocked)
          .flatMap(staging -> Stream.of(staging.resolve("run").toFile().listFiles()))
          .map(java.io.File::toPath)
          .toList();
    }
  }

  private static List<Path> ownGroups() throws IOException {
    Path mount = Path.of("/sys/fs/cgroup/memory");
    if (!Files.isDirectory(mount)) {
      return List.of();
    }
    String own = "parley-" + ProcessHandle.current().pid() + "-";
    try (Stream<Path> groups = Files.walk(mount, 2)) {
      return groups
          .filter(group -> group.getFileName().toString().startsWith("enclave-"))
          .filter(group -> mount.relativize(group).toString().startsWith(own))
          .toList();
    }
  }
}
