package io.parley.peer.enclaves;

import io.parley.link.Seccomp.Machine;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the runtime, Conscrypt and engines like DuckDB take from the operating system: the loader,
 * the C and C++ libraries, and the UTF-8 locale. Nothing else of the host is in an enclave.
 */
final class OsLibraries {
  private static final List<String> REQUIRED =
      List.of("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1");
  private static final List<String> OPTIONAL =
      List.of("libstdc++.so.6", "libgcc_s.so.1", "libz.so.1");
  private static final String LOCALE = "C.utf8/LC_CTYPE";
  private static final List<Path> LOCALE_FOLDERS =
      List.of(Path.of("/usr/lib/locale"), Path.of("/usr/share/i18n"));

  private OsLibraries() {}

  /** Where each file is, by its place in the enclave's {@code /lib}. */
  static Map<String, Path> find(Machine machine) {
    Map<String, Path> found = new LinkedHashMap<>();
    found.put(loader(machine), find(machine, loader(machine), true));
    REQUIRED.forEach(name -> found.put(name, find(machine, name, true)));
    OPTIONAL.forEach(name -> {
      Path path = find(machine, name, false);
      if (Files.exists(path)) {
        found.put(name, path);
      }
    });
    LOCALE_FOLDERS.stream()
        .map(folder -> folder.resolve(LOCALE))
        .filter(Files::isRegularFile)
        .findFirst()
        .ifPresent(file -> found.put("locale/" + LOCALE, file));
    return found;
  }

  private static String loader(Machine machine) {
    return switch (machine) {
      case X86_64 -> "ld-linux-x86-64.so.2";
      case ARM64 -> "ld-linux-aarch64.so.1";
    };
  }

  private static Path find(Machine machine, String name, boolean required) {
    String triple =
        switch (machine) {
          case X86_64 -> "x86_64-linux-gnu";
          case ARM64 -> "aarch64-linux-gnu";
        };
    List<Path> places =
        List.of(
            Path.of("/lib", triple, name),
            Path.of("/usr/lib", triple, name),
            Path.of("/lib64", name),
            Path.of("/usr/lib64", name),
            Path.of("/lib", name),
            Path.of("/usr/lib", name));
    return places.stream()
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseGet(() -> missing(name, required, places));
  }

  private static Path missing(String name, boolean required, List<Path> places) {
    if (required) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "%s is in none of %s; enclaves need glibc".formatted(name, places),
          Map.of("library", name));
    }
    return places.getFirst();
  }
}
