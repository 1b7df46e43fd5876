package io.parley.peer.enclaves;

import io.parley.evidence.Manifest;
import io.parley.evidence.ManifestBuilder;
import io.parley.link.Seccomp.Machine;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What every enclave of this process starts from: a private copy of the runtime, the libraries, the
 * shim and the filter, measured while it was made. Immutable.
 */
final class ShimImage {
  /** Of a whole JDK; a jlink image has none but the first of them. */
  private static final Set<Path> UNUSED =
      Set.of(
          Path.of("legal"),
          Path.of("man"),
          Path.of("include"),
          Path.of("jmods"),
          Path.of("demo"),
          Path.of("lib/src.zip"),
          Path.of("lib/ct.sym"),
          // A link to the host's list on some systems; an enclave trusts no certificate authority.
          Path.of("lib/security/cacerts"));

  private final Path folder;
  private final Manifest manifest;
  private final List<String> command;

  private ShimImage(Path folder, Manifest manifest, List<String> command) {
    this.folder = folder;
    this.manifest = manifest;
    this.command = command;
  }

  /** Copies and measures; takes about a second. */
  static ShimImage stage(ShimDistribution distribution, Path folder, String isolation)
      throws IOException {
    Machine machine = Machine.current();
    Files.createDirectory(folder);
    Files.createDirectory(folder.resolve("empty"));
    ManifestBuilder manifest = Manifest.builder();
    manifest.stage(
        distribution.runtime().toRealPath(), folder.resolve("jdk"), "jdk/", ShimImage::used);
    stageShim(distribution, folder, manifest);
    for (Map.Entry<String, Path> library : OsLibraries.find(machine).entrySet()) {
      String name = "lib/" + library.getKey();
      manifest.stageFile(library.getValue(), folder.resolve(name), name);
    }
    byte[] filter = SeccompProfile.program(machine);
    Files.write(folder.resolve("seccomp"), filter);
    List<String> command = ShimCommand.of(distribution);
    manifest
        .value("argv", String.join(" ", command))
        .value("sandbox", String.join(" ", SandboxCommand.template()))
        .value("seccomp", Digest.of(filter).hex())
        .value("isolation", isolation);
    readable(folder);
    return new ShimImage(folder, manifest.build(), command);
  }

  private static boolean used(Path path) {
    boolean otherTool = path.startsWith("bin") && path.getNameCount() > 1 && !path.endsWith("java");
    return !UNUSED.contains(path) && !otherTool;
  }

  private static void stageShim(
      ShimDistribution distribution, Path folder, ManifestBuilder manifest) throws IOException {
    Path shim = folder.resolve("shim");
    for (String jar : distribution.jars()) {
      manifest.stageFile(distribution.shim().resolve(jar), shim.resolve(jar), "shim/" + jar);
    }
    if (distribution.archived()) {
      String name = ShimDistribution.ARCHIVE;
      manifest.stageFile(distribution.shim().resolve(name), shim.resolve(name), "shim/" + name);
    }
  }

  /** Whatever this process's umask is, the enclaves' user reads and nobody writes. */
  private static void readable(Path folder) throws IOException {
    for (String name :
        List.of("", "empty", "jdk", "shim", "lib", "lib/locale", "lib/locale/C.utf8")) {
      Path place = folder.resolve(name);
      if (Files.isDirectory(place)) {
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
  }

  Path folder() {
    return folder;
  }

  Path seccomp() {
    return folder.resolve("seccomp");
  }

  Manifest manifest() {
    return manifest;
  }

  /** The command inside. */
  List<String> command() {
    return command;
  }
}
