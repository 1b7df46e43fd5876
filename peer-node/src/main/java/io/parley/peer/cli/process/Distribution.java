package io.parley.peer.cli.process;

import io.parley.peer.machine.Folders;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the parts of Parley lie: {@code lib/peer-node}, {@code lib/key-broker}, {@code lib/shim},
 * {@code runtime}, {@code apps}. Given by the system property {@value #PROPERTY}, or found from the
 * jar that this class came from.
 */
public final class Distribution {
  public static final String PROPERTY = "parley.dist";

  /** The first compiler alone: what ends soon is over before the second has paid. */
  private static final List<String> FOR_THE_START = List.of("-XX:TieredStopAtLevel=1");

  private static final List<String> JVM_OPENS =
      List.of(
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private final @Nullable Path root;

  private Distribution(@Nullable Path root) {
    this.root = root;
  }

  public static Distribution find() {
    String given = System.getProperty(PROPERTY);
    if (given != null && !given.isBlank()) {
      return new Distribution(Path.of(given).toAbsolutePath().normalize());
    }
    try {
      var source = Distribution.class.getProtectionDomain().getCodeSource();
      Path jar = source == null ? null : Path.of(source.getLocation().toURI());
      if (jar != null && Files.isRegularFile(jar)) {
        Path lib = jar.getParent();
        Path root = lib == null || lib.getParent() == null ? null : lib.getParent().getParent();
        if (root != null && Files.isDirectory(root.resolve("lib/peer-node"))) {
          return new Distribution(root);
        }
      }
    } catch (URISyntaxException e) {
      return new Distribution(null);
    }
    return new Distribution(null);
  }

  /** Whether this runs from a distribution at all. */
  public boolean present() {
    return root != null;
  }

  /**
   * The root folder.
   *
   * @throws EnvironmentException IO_FAILED when there is none
   */
  public Path root() {
    if (root == null) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "no Parley distribution found: start 'parley' by its launcher deploy/parley, or give"
              + " -D%s=DIR".formatted(PROPERTY),
          Map.of("property", PROPERTY));
    }
    return root;
  }

  /** The folder of an app that comes with Parley, when there is one of this name. */
  public @Nullable Path bundledApp(String name) {
    if (root == null || !name.matches("[a-z0-9][a-z0-9-]{0,62}")) {
      return null;
    }
    Path folder = root.resolve("apps").resolve(name);
    return Files.isDirectory(folder) ? folder : null;
  }

  /** The folders of all apps that come with Parley. */
  public List<Path> bundledApps() {
    if (root == null || !Files.isDirectory(root.resolve("apps"))) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(root.resolve("apps"))) {
      return folders.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A java command for a main class of the key broker. */
  public List<String> brokerCommand(String main, String heap) {
    return command(FOR_THE_START, library(root(), "key-broker"), main, heap);
  }

  /**
   * The same for a broker that serves. It lives for months and is asked by all parties: with both
   * compilers it takes two thirds of the processor time for a grant once it has given some ten
   * thousand, and about 60 MB more memory; deploy/docs/speed.md.
   */
  public List<String> servingBrokerCommand(String main, String heap) {
    return command(List.of(), library(root(), "key-broker"), main, heap);
  }

  /** A java command for a main class of the peer node: the same code that runs here. */
  public List<String> peerCommand(String main, String heap) {
    List<String> code =
        root == null
            ? List.of("-cp", System.getProperty("java.class.path"))
            : library(root, "peer-node");
    return command(FOR_THE_START, code, main, heap);
  }

  /** Class path and class archive, which holds for the jars in the order of their names only. */
  private static List<String> library(Path root, String name) {
    Path folder = root.resolve("lib").resolve(name);
    try (Stream<Path> files = Files.list(folder)) {
      String classPath =
          files
              .map(Path::toString)
              .filter(file -> file.endsWith(".jar"))
              .sorted()
              .collect(Collectors.joining(File.pathSeparator));
      return List.of("-XX:SharedArchiveFile=" + folder.resolve(name + ".jsa"), "-cp", classPath);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the distribution is not whole: %s cannot be read".formatted(folder),
          Map.of("folder", folder.toString()),
          e);
    }
  }

  private List<String> command(
      List<String> compilers, List<String> code, String main, String heap) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_OPENS);
    command.addAll(compilers);
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xshare:auto", "-XX:+ExitOnOutOfMemoryError", "-Xmx" + heap));
    command.add("-Djava.io.tmpdir=" + Folders.temporary());
    if (root != null) {
      command.add("-D" + PROPERTY + "=" + root);
    }
    command.addAll(code);
    command.add(main);
    return command;
  }
}
