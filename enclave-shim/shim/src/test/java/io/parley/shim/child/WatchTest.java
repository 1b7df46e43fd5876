package io.parley.shim.child;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.link.Seccomp.Machine;
import io.parley.shim.child.Landlock.Access;
import io.parley.shim.child.Landlock.Rule;
import io.parley.shim.compute.AppRunner;
import io.parley.shim.compute.AppRunner.Attempt;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On the bare host, where there is more to look for than in an enclave. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchTest {
  private static final Path JAVA = Path.of(System.getProperty("java.home"));

  @TempDir Path folder;

  @BeforeEach
  void folders() throws IOException {
    Assumptions.assumeTrue(Landlock.version() > 0, "this kernel has no Landlock");
    Files.createDirectories(folder.resolve("in"));
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("in/rows"), "rows");
    Files.writeString(folder.resolve("secret"), "secret");
  }

  private AppRunner.AppExit sh(String script) {
    return run(true, "/bin/sh", "-c", "PATH=/usr/bin:/bin; " + script);
  }

  private AppRunner.AppExit run(boolean watched, String... command) {
    Wall wall =
        new Wall(
            JAVA.resolve("bin/java"),
            List.of(
                new Rule(Path.of("/usr"), Access.RUN),
                new Rule(Path.of("/bin"), Access.RUN),
                new Rule(Path.of("/lib"), Access.RUN),
                new Rule(Path.of("/lib64"), Access.RUN),
                new Rule(Path.of("/etc"), Access.READ),
                new Rule(Path.of("/sys"), Access.READ),
                new Rule(Path.of("/proc"), Access.READ),
                new Rule(JAVA, Access.RUN),
                new Rule(folder.resolve("in"), Access.READ),
                new Rule(folder.resolve("out"), Access.WRITE),
                new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE),
                new Rule(Path.of("/dev/urandom"), Access.READ_DEVICE)));
    return new WalledAppRunner(_ -> wall)
        .run(
            new AppRunner.AppRun(
                folder, List.of(command), 256L << 20, Duration.ofSeconds(30), watched),
            (message, done, total) -> {});
  }

  @Test
  void anAppThatKeepsToItsFoldersIsQuiet() throws IOException {
    AppRunner.AppExit exit = sh("read x < in/rows; echo $x > out/copy");
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts()).isEmpty();
    assertThat(exit.observed().processes()).isZero();
    assertThat(exit.observed().peakMemoryBytes()).isPositive();
    assertThat(folder.resolve("out/copy")).hasContent("rows");
  }

  @Test
  void javaIsQuietAsItStarts() {
    AppRunner.AppExit exit = run(true, "java", "-XX:+UseSerialGC", "--version");
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts()).isEmpty();
    assertThat(exit.observed().processes()).isZero();
  }

  @Test
  void filesOutsideAreSeen() {
    AppRunner.AppExit exit = sh("read x < secret; read y < /root/none; exit 0");
    assertThat(exit.observed().attempts())
        .contains(
            new Attempt("file", folder.resolve("secret").toString()),
            new Attempt("file", "/root/none"));
  }

  @Test
  void waysAroundToThemAreSeen() throws IOException {
    Files.createSymbolicLink(folder.resolve("out/way"), folder.resolve("in"));
    List<String> ways =
        List.of(
            folder + "/out/way/../secret",
            folder + "/in/../secret",
            "/proc/self/root" + folder + "/secret",
            "/usr/../proc/1/environ");
    Files.createSymbolicLink(folder.resolve("out/up"), folder);
    for (String way : ways) {
      assertThat(sh("read x < %s; exit 0".formatted(way)).observed().attempts())
          .contains(new Attempt("file", way));
    }
    assertThat(sh("read x < out/up/secret; echo x > out/up/new; exit 0").observed().attempts())
        .contains(
            new Attempt("file", folder.resolve("out/up/secret").toString()),
            new Attempt("file", folder.resolve("out/up/new").toString()));
    assertThat(sh("read x < out/way/rows; read x < out/../in/rows").observed().attempts())
        .isEmpty();
  }

  @Test
  void theSupervisorsFilesAreSeen() {
    assertThat(sh("read x < /proc/1/environ; exit 0").observed().attempts())
        .contains(new Attempt("file", "/proc/1/environ"));
  }

  @Test
  void processesAreCountedAndProgramsOutsideAreSeen() throws IOException {
    AppRunner.AppExit exit = sh("true & cat in/rows; wait");
    assertThat(exit.observed().processes()).isGreaterThanOrEqualTo(1);
    assertThat(exit.observed().attempts()).isEmpty();
    Files.copy(Path.of("/usr/bin/true"), folder.resolve("out/program"));
    assertThat(sh("out/program; exit 0").observed().attempts())
        .contains(new Attempt("program", folder.resolve("out/program").toString()));
  }

  @Test
  void socketsOfTheNetworkAreSeenAndRefused() {
    AppRunner.AppExit exit =
        run(
            true,
            "/usr/bin/perl",
            "-MSocket",
            "-e",
            """
            socket(my $a, AF_INET, SOCK_STREAM, 0) and exit 1;
            $!{EPERM} or exit 2;
            socket(my $b, AF_INET6, SOCK_DGRAM, 0) and exit 3;
            socket(my $c, 16, SOCK_RAW, 0) and exit 4;
            """);
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts())
        .containsExactly(
            new Attempt("network", "a socket of the family IPv4"),
            new Attempt("network", "a socket of the family IPv6"),
            new Attempt("network", "a socket of the family 16"));
  }

  /** What is seen on the gate's run and what is not: the same is refused. */
  @Test
  void withoutAWatchTheWallRefusesTheSame() {
    String sockets =
        """
        socket(my $a, AF_INET, SOCK_STREAM, 0) and exit 1;
        $!{EPERM} or exit 2;
        socketpair(my $b, my $c, AF_INET, SOCK_STREAM, 0) and exit 3;
        $!{EPERM} or exit 4;
        socket(my $d, AF_UNIX, SOCK_STREAM, 0) or exit 5;
        """;
    for (boolean watched : List.of(true, false)) {
      assertThat(run(watched, "/usr/bin/perl", "-MSocket", "-e", sockets).code()).isZero();
    }
  }

  /**
   * Of filters that hand a call on, the kernel hears the last: an app must not come in between, and
   * answer for itself.
   */
  @Test
  void anAppCannotAnswerInTheWallsPlace() {
    boolean arm = Machine.current() == Machine.ARM64;
    String filter =
        """
        my $filter = pack('SCCL', 0x20, 0, 0, 0) . pack('SCCL', 0x15, 0, 1, %d)
            . pack('SCCL', 6, 0, 0, 0x7fc00000) . pack('SCCL', 6, 0, 0, 0x7fff0000);
        my $program = pack('S x6 P', 4, $filter);
        my $answer = syscall(%d, 1, $ARGV[0] + 0, $program);
        """
            .formatted(arm ? 198 : 41, arm ? 277 : 317);
    String listens = filter + "$answer < 0 or exit 1; $!{EBUSY} or exit 2;";
    assertThat(run(true, "/usr/bin/perl", "-MErrno", "-e", listens, "8").code()).isZero();
    String socket =
        filter
            + "$answer == 0 or exit 1; socket(my $a, AF_INET, SOCK_STREAM, 0) and exit 2;"
            + "$!{EPERM} or exit 3;";
    assertThat(run(false, "/usr/bin/perl", "-MErrno", "-MSocket", "-e", socket, "0").code())
        .isZero();
  }

  @Test
  void socketsOfTheMachineAreSeenOutsideTheAppsFolders() throws IOException {
    Files.createSymbolicLink(folder.resolve("out/way"), folder);
    AppRunner.AppExit exit =
        run(
            true,
            "/usr/bin/perl",
            "-MSocket",
            "-e",
            """
            socket(my $a, AF_UNIX, SOCK_STREAM, 0) or exit 1;
            connect($a, sockaddr_un('%1$s/host'));
            connect($a, sockaddr_un("\\0abstract"));
            connect($a, sockaddr_in(9, inet_aton('127.0.0.1')));
            connect($a, sockaddr_un('%1$s/out/own'));
            connect($a, sockaddr_un('%1$s/out/way/host'));
            connect($a, sockaddr_un('/proc/self/root%1$s/host'));
            bind($a, sockaddr_un('%1$s/out/own'));
            socketpair(my $b, my $c, AF_UNIX, SOCK_STREAM, 0) or exit 3;
            socket(my $d, AF_UNIX, SOCK_DGRAM, 0) or exit 4;
            """
                .formatted(folder));
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts())
        .containsExactly(
            new Attempt("network", "the socket of this machine '%s/host'".formatted(folder)),
            new Attempt("network", "a socket of this machine without a file"),
            new Attempt("network", "an address of the family IPv4"),
            new Attempt(
                "network", "the socket of this machine '%s/out/way/host'".formatted(folder)),
            new Attempt(
                "network", "the socket of this machine '/proc/self/root%s/host'".formatted(folder)),
            new Attempt("network", "a socket of this machine for datagrams"));
  }

  /** Files by channels: Java's network library is loaded for them, and asks what there is. */
  @Test
  void whatJavaAsksOnceIsQuietAndNothingMore() throws IOException {
    compile("Quiet", "java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0])).close();");
    compile(
        "Loud",
        """
        java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0])).close();
        try {
          new java.net.Socket("127.0.0.1", 9).close();
        } catch (java.io.IOException e) {
          return;
        }
        """);
    assertThat(java("Quiet").observed().attempts()).isEmpty();
    assertThat(java("Loud").observed().attempts())
        .contains(
            new Attempt("network", "a socket of the family IPv4"),
            new Attempt("network", "a socket of the family IPv6"));
  }

  private AppRunner.AppExit java(String name) {
    AppRunner.AppExit exit =
        run(
            true,
            "java",
            "-XX:+UseSerialGC",
            "-cp",
            folder.resolve("in").toString(),
            name,
            folder.resolve("in/rows").toString());
    assertThat(exit.code()).isZero();
    return exit;
  }

  private void compile(String name, String body) throws IOException {
    Path source = folder.resolve(name + ".java");
    Files.writeString(
        source,
        "public class %s { public static void main(String[] args) throws Exception { %s } }"
            .formatted(name, body));
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", folder.resolve("in").toString(), source.toString()))
        .isZero();
  }

  @Test
  void aSignalToTheFirstProcessEndsIt() {
    AppRunner.AppExit exit = sh("kill -0 1; exit 0");
    assertThat(exit.code()).isEqualTo(128 + 31);
    assertThat(exit.observed().attempts()).extracting(Attempt::kind).contains("system call");
  }

  /** With no signal, and of nothing: they would do no harm where nobody forbade them. */
  @Test
  void callsThatNoAppMakesByAccidentEndIt() {
    Assumptions.assumeTrue(Machine.current() == Machine.X86_64, "the numbers are of x86-64");
    for (String call :
        List.of(
            "62, -1, 0", // kill
            "234, 1, 1, 0", // tgkill
            "200, 1, 0", // tkill
            "129, 1, 0, 0", // rt_sigqueueinfo
            "297, 1, 1, 0, 0", // rt_tgsigqueueinfo
            "424, 999, 0, 0, 0", // pidfd_send_signal
            "438, 999, 0, 0", // pidfd_getfd
            "272, 0", // unshare
            "308, 999, 0", // setns
            "322, 999, 0, 0, 0, 0", // execveat
            "428, 999, 0, 0", // open_tree
            "429, 999, 0, 999, 0, 0", // move_mount
            "430, 0, 0", // fsopen
            "442, 999, 0, 0, 0, 0")) { // mount_setattr
      AppRunner.AppExit exit =
          run(true, "/usr/bin/perl", "-e", "syscall(%s); exit 0".formatted(call));
      assertThat(exit.code()).as(call).isEqualTo(128 + 31);
      assertThat(exit.observed().attempts()).extracting(Attempt::kind).contains("system call");
    }
    // To itself it may send what it likes.
    assertThat(run(true, "/usr/bin/perl", "-e", "kill 0, $$; exit 0").code()).isZero();
  }

  @Test
  void namesOutsideThatAreChangedAreSeen() throws IOException {
    Files.writeString(folder.resolve("out/mine"), "mine");
    String mine = "rename 'out/mine', 'out/own'; truncate 'out/own', 1; unlink 'out/own'; exit 0";
    assertThat(run(true, "/usr/bin/perl", "-e", mine).observed().attempts()).isEmpty();
    assertThat(folder.resolve("out/own")).doesNotExist();
    Files.writeString(folder.resolve("out/mine"), "mine");
    for (String change :
        List.of(
            "truncate 'secret', 0",
            "unlink 'secret'",
            "rename 'secret', 'out/secret'",
            "rename 'out/mine', 'secret'")) {
      assertThat(run(true, "/usr/bin/perl", "-e", change + "; exit 0").observed().attempts())
          .as(change)
          .contains(new Attempt("file", folder.resolve("secret").toString()));
      assertThat(folder.resolve("secret")).hasContent("secret");
    }
    assertThat(sh("mv out/mine ../none; rm secret; exit 0").observed().attempts())
        .extracting(Attempt::what)
        .contains(folder.resolve("secret").toString());
  }

  @Test
  void anAppThatDoesNotEndIsStoppedAndSoIsItsWatch() {
    long before = watches();
    assertThatThrownBy(() ->
            new WalledAppRunner(_ ->
                new Wall(
                    JAVA.resolve("bin/java"),
                    List.of(
                        new Rule(Path.of("/usr"), Access.RUN),
                        new Rule(Path.of("/bin"), Access.RUN),
                        new Rule(Path.of("/lib"), Access.RUN),
                        new Rule(Path.of("/lib64"), Access.RUN),
                        new Rule(folder, Access.READ),
                        new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE))))
                .run(
                    new AppRunner.AppRun(
                        folder,
                        List.of("/bin/sh", "-c", "while :; do :; done"),
                        256L << 20,
                        Duration.ofMillis(300),
                        true),
                    (message, done, total) -> {}))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
    assertThat(watches()).isEqualTo(before);
  }

  @Test
  void aProgramThatIsNotThereLeavesNoWatch() {
    long before = watches();
    assertThatThrownBy(() -> run(true, "none"))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_APP));
    assertThat(watches()).isEqualTo(before);
  }

  private static long watches() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("app-watch"))
        .filter(Thread::isAlive)
        .count();
  }
}
