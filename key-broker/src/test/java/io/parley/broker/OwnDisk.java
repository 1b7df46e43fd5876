package io.parley.broker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A small disk of its own for a broker's home, in a mount namespace that only the broker's process
 * is in, and that ends with it.
 *
 * @param unshare what makes the namespace
 * @param mount the shell's words that mount it at $1
 * @param made a home, which is copied onto the disk when that has none
 * @param home where it is mounted
 */
record OwnDisk(List<String> unshare, String mount, Path made, Path home) {
  private static final String ENTER =
      " && if [ ! -e \"$1/broker.yaml\" ]; then cp -a \"$0/.\" \"$1\"; fi"
          + " && chmod 700 \"$1\" && shift && exec \"$@\"";

  /** In memory; for everybody, where user namespaces are allowed. */
  static OwnDisk memory(Path made, Path home, String size) throws IOException {
    Files.createDirectory(home);
    return new OwnDisk(
        List.of("unshare", "--map-root-user", "--mount"),
        "mount -t tmpfs -o size=%s none \"$1\"".formatted(size),
        made,
        home);
  }

  /** A file with ext4 within, which is still there for the next process; for root only. */
  static OwnDisk ext4(Path made, Path home, Path image) throws IOException, InterruptedException {
    Files.createDirectory(home);
    OwnDisk disk =
        new OwnDisk(
            List.of("unshare", "--mount"),
            "mount -o loop '%s' \"$1\"".formatted(image),
            made,
            home);
    run(List.of("truncate", "--size=64M", image.toString()));
    run(List.of("mkfs.ext4", "-q", image.toString()));
    return disk;
  }

  /** Whether this machine lets us have it. */
  boolean works() throws InterruptedException {
    try {
      run(through(List.of("true")));
      return true;
    } catch (IOException e) {
      System.err.println("no disk of our own here: " + e.getMessage());
      return false;
    }
  }

  /** The command, started with the disk in its place. */
  List<String> through(List<String> command) {
    List<String> all = new ArrayList<>(unshare);
    all.addAll(List.of("sh", "-c", mount + ENTER, made.toString(), home.toString()));
    all.addAll(command);
    return all;
  }

  /** The home, as the process sees it. */
  Path seenBy(BrokerProcess process) {
    return Path.of("/proc", Long.toString(process.pid()), "root")
        .resolve(Path.of("/").relativize(home.toAbsolutePath()));
  }

  /** Takes all room that is left, down to the last block. */
  Path fill(BrokerProcess process) throws IOException {
    Path filler = seenBy(process).resolve("filler");
    try (OutputStream out = Files.newOutputStream(filler)) {
      byte[] block = new byte[4096];
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left")) {
        throw e;
      }
    }
    return filler;
  }

  /** Makes it what the kernel makes of a disk that it finds damaged: read-only, open files too. */
  void turnReadOnly(BrokerProcess process) throws IOException, InterruptedException {
    run(
        List.of(
            "nsenter",
            "--target=" + process.pid(),
            "--mount",
            "mount",
            "-o",
            "remount,abort",
            home.toString()));
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("%s: %s".formatted(String.join(" ", command), said.strip()));
    }
  }
}
