package io.parley.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Samples the peak resident memory of all processes of Parley on this machine, by their role. */
final class PeakMemory {
  private static final long SAMPLE_MILLIS = 20;

  /** What tells a role: a word of the command line. */
  private static final Map<String, String> ROLES =
      Map.of(
          "io.parley.broker.Main", "key broker",
          "io.parley.shim.ShimMain", "shim",
          "io.parley.apps.", "app",
          "peer serve", "peer node");

  private final Map<String, Long> peakKib = new TreeMap<>();
  private final Thread sampler;
  private volatile boolean stopped;

  private PeakMemory() {
    this.sampler = Thread.ofPlatform().daemon().unstarted(this::sample);
  }

  static PeakMemory start() {
    PeakMemory memory = new PeakMemory();
    memory.sampler.start();
    return memory;
  }

  void printAndStop() throws InterruptedException {
    stopped = true;
    sampler.join();
    peakKib.forEach(
        (role, kib) -> System.out.printf("peak memory, %-27s %8d MiB%n", role, kib / 1024));
  }

  private void sample() {
    try {
      while (!stopped) {
        ProcessHandle.allProcesses().forEach(this::sample);
        Thread.sleep(SAMPLE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sample(ProcessHandle process) {
    Path folder = Path.of("/proc", Long.toString(process.pid()));
    try {
      String command = Files.readString(folder.resolve("cmdline")).replace('\0', ' ');
      for (var role : ROLES.entrySet()) {
        if (command.contains(role.getKey()) && command.contains("java")) {
          peakKib.merge(role.getValue(), highWaterKib(folder), Math::max);
          return;
        }
      }
    } catch (IOException e) {
      // It ended between the two looks.
    }
  }

  private static long highWaterKib(Path folder) throws IOException {
    for (String line : Files.readAllLines(folder.resolve("status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 0;
  }
}
