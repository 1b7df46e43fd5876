package io.parley.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** How a server process of ours talks to whoever started it. */
public final class ServerProcess {
  private ServerProcess() {}

  /**
   * Says where this process listens. The file is whole or not there: whoever waits for it must not
   * read half of it.
   *
   * @param address {@code host:port}
   */
  public static void announce(Path file, String address) throws IOException {
    Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
    Files.writeString(fresh, address + "\n");
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * From now on this process ends, as if told to, once its standard input does: the parent that
   * holds its other end is gone, however it went. What comes in before is ignored. Returns at once.
   *
   * @param ending run first, to say so
   */
  public static void endWithStdin(Runnable ending) {
    var _ =
        Thread.ofPlatform()
            .daemon()
            .name("parent-watch")
            .start(() -> {
              awaitEndOfStdin();
              ending.run();
              System.exit(0);
            });
  }

  private static void awaitEndOfStdin() {
    try {
      while (System.in.read() >= 0) {
        // Whatever comes is not for us; only the end counts.
      }
    } catch (IOException e) {
      // A failure is an end too.
    }
  }
}
