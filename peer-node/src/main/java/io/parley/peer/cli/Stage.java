package io.parley.peer.cli;

import io.parley.peer.cli.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder and the processes of a rehearsal. However this process ends, by itself, by ctrl-C or
 * by a signal, the processes are stopped and the folder is gone; after kill -9 the processes still
 * end, since their standard input does. Thread-safe.
 */
final class Stage implements AutoCloseable {
  private final Path folder;
  private final boolean keep;
  private final List<ChildJvm> children = new ArrayList<>();
  private final Thread hook = new Thread(this::strike, "stage");
  private boolean struck;

  Stage(boolean keep) throws IOException {
    this.keep = keep;
    this.folder =
        Files.createTempDirectory(
            "parley-try-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Runtime.getRuntime().addShutdownHook(hook);
  }

  Path folder() {
    return folder;
  }

  /** Starts a process that this stage stops. */
  ChildJvm start(String name, List<String> command, List<String> arguments) throws IOException {
    return start(name, command, arguments, Map.of());
  }

  /** The same with more in its environment. */
  synchronized ChildJvm start(
      String name, List<String> command, List<String> arguments, Map<String, String> environment)
      throws IOException {
    if (struck) {
      throw new java.util.concurrent.CancellationException("the rehearsal is ending");
    }
    Path run = Files.createDirectories(folder.resolve("run").resolve(name));
    ChildJvm child = ChildJvm.start(name, command, run, arguments, environment);
    children.add(child);
    return child;
  }

  @Override
  public void close() {
    strike();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, and the hook has run or is running.
    }
  }

  private synchronized void strike() {
    if (struck) {
      return;
    }
    struck = true;
    children.forEach(ChildJvm::askToEnd);
    children.forEach(ChildJvm::close);
    if (!keep) {
      delete(folder);
    }
  }

  static void delete(Path root) {
    for (int attempt = 0; attempt < 3 && Files.exists(root, LinkOption.NOFOLLOW_LINKS); attempt++) {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (IOException | java.io.UncheckedIOException e) {
        // Something was still being written; once more.
      }
    }
  }
}
