package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.peer.machine.HostTools;
import io.parley.peer.machine.RunAs;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells whether this machine can isolate an enclave, and what to do when it can't. */
public final class SandboxProbe {
  private static final int MIN_MINOR = 7;
  private static final Pattern VERSION = Pattern.compile("bubblewrap (\\d+)\\.(\\d+)");
  private static final long TIMEOUT_SECONDS = 20;

  private record Answer(int code, String output) {}

  private SandboxProbe() {}

  /**
   * Starts an empty sandbox as the enclaves' user.
   *
   * @param unprivilegedUid who that is when this process is root
   * @throws EnvironmentException SANDBOX_UNAVAILABLE with what to run
   */
  public static void check(int unprivilegedUid) {
    checkVersion();
    Answer answer = emptySandbox(RunAs.current(unprivilegedUid), List.of());
    if (answer.code() != 0) {
      throw unavailable(
          "bwrap cannot make a sandbox here (%s). %s".formatted(answer.output().strip(), advice()));
    }
  }

  /** Whether a sandbox also starts behind this prefix. */
  static boolean works(RunAs user, List<String> prefix) {
    return emptySandbox(user, prefix).code() == 0;
  }

  private static Answer emptySandbox(RunAs user, List<String> prefix) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(HostTools.find("env", "coreutils"), "-i"));
    command.addAll(user.prefix());
    command.addAll(prefix);
    command.add(HostTools.find("bwrap", "bubblewrap"));
    command.addAll(
        List.of("--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--cap-drop", "ALL"));
    command.add(HostTools.find("true", "coreutils"));
    return run(command);
  }

  private static void checkVersion() {
    String text = run(List.of(HostTools.find("bwrap", "bubblewrap"), "--version")).output();
    Matcher version = VERSION.matcher(text);
    if (!version.find()
        || (version.group(1).equals("0") && Integer.parseInt(version.group(2)) < MIN_MINOR)) {
      throw unavailable(
          "%s is too old; expected bubblewrap 0.%d or later".formatted(text.strip(), MIN_MINOR));
    }
  }

  private static String advice() {
    if (setting("/proc/sys/user/max_user_namespaces").equals("0")) {
      return "User namespaces are off; run: sudo sysctl -w user.max_user_namespaces=10000";
    }
    if (setting("/proc/sys/kernel/unprivileged_userns_clone").equals("0")) {
      return "User namespaces are off; run: sudo sysctl -w kernel.unprivileged_userns_clone=1";
    }
    if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").equals("1")) {
      return "AppArmor keeps bwrap from making user namespaces; give /usr/bin/bwrap a profile with"
          + " 'userns,' (Ubuntu: apparmor-profiles, bwrap-userns-restrict), or run: sudo sysctl -w"
          + " kernel.apparmor_restrict_unprivileged_userns=0";
    }
    return "In a container, allow user namespaces and a fresh /proc (docker: --security-opt"
        + " seccomp=unconfined --security-opt systempaths=unconfined)";
  }

  private static String setting(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      // Not every kernel has every setting.
      return "";
    }
  }

  private static Answer run(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw unavailable("'%s' did not end".formatted(String.join(" ", command)));
      }
      String output = new String(process.getInputStream().readNBytes(4096), UTF_8);
      return new Answer(process.exitValue(), output);
    } catch (IOException e) {
      throw unavailable("'%s' did not start: %s".formatted(command.getFirst(), e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("interrupted while the sandbox was tried out");
    }
  }

  private static EnvironmentException unavailable(String message) {
    return new EnvironmentException(Reason.SANDBOX_UNAVAILABLE, message, Map.of());
  }
}
