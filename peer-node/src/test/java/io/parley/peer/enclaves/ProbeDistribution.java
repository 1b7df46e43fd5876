package io.parley.peer.enclaves;

import io.grpc.Status;
import io.parley.link.HostLink;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** A distribution whose shim is the {@link Probe}. */
final class ProbeDistribution {
  private ProbeDistribution() {}

  static ShimDistribution in(Path folder) throws IOException {
    Path shim = Files.createDirectories(folder.resolve("shim"));
    jar(shim.resolve("probe.jar"), source(Probe.class), "io/parley/peer/enclaves/Probe");
    add(source(HostLink.class), shim.resolve("proto.jar"));
    add(source(Status.class), shim.resolve("grpc-api.jar"));
    return new ShimDistribution(runtime(), shim, Probe.class.getName());
  }

  /** The distribution's image if it was built, else this JDK. */
  private static Path runtime() {
    return Stream.of(
            Path.of("../deploy/target/parley/runtime"), Path.of("deploy/target/parley/runtime"))
        .filter(folder -> Files.isExecutable(folder.resolve("bin/java")))
        .findFirst()
        .orElse(Path.of(System.getProperty("java.home")));
  }

  private static void add(Path source, Path target) throws IOException {
    if (Files.isDirectory(source)) {
      jar(target, source, "");
    } else {
      Files.copy(source, target);
    }
  }

  private static void jar(Path target, Path classes, String prefix) throws IOException {
    try (OutputStream out = Files.newOutputStream(target);
        JarOutputStream jar = new JarOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      List<Path> chosen =
          files
              .filter(Files::isRegularFile)
              .filter(file -> classes.relativize(file).toString().startsWith(prefix))
              .sorted()
              .toList();
      for (Path file : chosen) {
        JarEntry entry = new JarEntry(classes.relativize(file).toString());
        entry.setTime(0);
        jar.putNextEntry(entry);
        Files.copy(file, jar);
      }
    }
  }

  private static Path source(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
