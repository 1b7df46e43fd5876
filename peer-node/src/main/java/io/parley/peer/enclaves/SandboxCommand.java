package io.parley.peer.enclaves;

import io.parley.peer.machine.HostTools;
import io.parley.peer.machine.RunAs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The command line that walls an enclave in. A template, so that what is measured is the same for
 * every job and machine: {@code {image}}, {@code {apps}}, {@code {data}}, {@code {socket}} and
 * {@code {memory}} are filled in when it is started.
 *
 * <p>No secret is in it: a process inside can read it.
 */
final class SandboxCommand {
  /** Where the shim finds its host. */
  static final String SOCKET = "/run/host.sock";

  private static final List<String> WRITABLE = List.of("/app", "/net", "/tmp", "/private");
  private static final List<String> DEVICES = List.of("null", "zero", "random", "urandom");

  /** 1 and not 0: the kernel starts no dump handler either (core(5), fs/coredump.c). */
  private static final List<String> LIMITS =
      List.of(
          "--core=1:1",
          "--nofile=1024:1024",
          "--fsize={memory}:{memory}",
          "--data={memory}:{memory}");

  /** Stands for the bindings of the apps, which the shim measures one by one. */
  private static final String APPS = "{apps}";

  /** Stands for a file system in memory of the enclave's size, with pages of whatever size. */
  private static final String DATA = "{data}";

  private static final String DATA_FOLDER = "job";

  private SandboxCommand() {}

  /** What an enclave starts with, to be measured. */
  static List<String> template() {
    List<String> parts = new ArrayList<>(LIMITS);
    parts.addAll(List.of("--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session"));
    parts.addAll(List.of("--clearenv", "--setenv", "LC_CTYPE", "C.UTF-8"));
    parts.addAll(List.of("--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"));
    parts.addAll(List.of("--hostname", "enclave"));
    parts.addAll(List.of("--ro-bind", "{image}/jdk", "/jdk"));
    parts.addAll(List.of("--ro-bind", "{image}/lib", "/lib"));
    parts.addAll(List.of("--symlink", "lib", "/lib64", "--symlink", "../lib", "/usr/lib"));
    parts.addAll(List.of("--ro-bind", "{image}/shim", "/shim"));
    parts.addAll(List.of("--dir", "/appsrc"));
    parts.add(APPS);
    for (String device : DEVICES) {
      parts.addAll(List.of("--dev-bind", "/dev/" + device, "/dev/" + device));
    }
    parts.addAll(List.of("--proc", "/proc"));
    for (String folder : WRITABLE) {
      parts.addAll(List.of("--size", "{memory}", "--tmpfs", folder));
    }
    // One file system for all data, so that what one step wrote moves to the next without a copy.
    parts.add(DATA);
    for (String folder : List.of("in", "out")) {
      String place = DATA_FOLDER + "/" + folder;
      parts.addAll(List.of("--dir", "/" + place, "--symlink", place, "/" + folder));
    }
    parts.addAll(List.of("--ro-bind", "{socket}", SOCKET));
    // The filter comes by standard input, so nobody has to hand a descriptor on.
    parts.addAll(List.of("--seccomp", "0", "--remount-ro", "/", "--chdir", "/private"));
    return List.copyOf(parts);
  }

  /**
   * The command for one enclave.
   *
   * @param apps bound as /appsrc/1, /appsrc/2, and so on
   * @param point an empty folder of this enclave alone
   */
  static List<String> filled(
      RunAs user,
      Path image,
      List<Path> apps,
      DataMount data,
      Path point,
      Path socket,
      long memoryBytes,
      List<String> inside) {
    List<String> parts =
        template().stream()
            .flatMap(part ->
                switch (part) {
                  case APPS -> bound(apps).stream();
                  case DATA -> data.arguments(point, memoryBytes, "/" + DATA_FOLDER).stream();
                  default -> Stream.of(part);
                })
            .map(part ->
                part.replace("{image}", image.toString())
                    .replace("{socket}", socket.toString())
                    .replace("{memory}", Long.toString(memoryBytes)))
            .toList();
    List<String> command = new ArrayList<>();
    command.addAll(List.of(HostTools.find("env", "coreutils"), "-i"));
    command.add(HostTools.find("prlimit", "util-linux"));
    command.addAll(parts.subList(0, LIMITS.size()));
    command.addAll(user.prefix());
    command.addAll(data.prefix(point, memoryBytes));
    command.add(HostTools.find("bwrap", "bubblewrap"));
    command.addAll(parts.subList(LIMITS.size(), parts.size()));
    command.add("--");
    command.addAll(inside);
    return command;
  }

  private static List<String> bound(List<Path> apps) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < apps.size(); i++) {
      parts.addAll(List.of("--ro-bind", apps.get(i).toString(), "/appsrc/" + (i + 1)));
    }
    return parts;
  }
}
