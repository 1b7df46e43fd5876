package io.parley.peer.apps;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An interpreter of this machine, put into an app so that the app's digest covers it: the program
 * as {@code interpreter/bin/NAME}, and in {@code interpreter/lib} the shared libraries that an
 * enclave does not have.
 */
public final class Interpreter {
  /** What every enclave has ({@code io.parley.peer.enclaves}). */
  private static final Set<String> OF_ENCLAVES =
      Set.of(
          "libc.so.6",
          "libm.so.6",
          "libdl.so.2",
          "libpthread.so.0",
          "librt.so.1",
          "libstdc++.so.6",
          "libgcc_s.so.1",
          "libz.so.1");

  private static final Pattern LIBRARY = Pattern.compile("\\s*(\\S+) => (/\\S+) \\(0x[0-9a-f]+\\)");
  private static final Pattern MISSING = Pattern.compile("\\s*(\\S+) => not found");

  private Interpreter() {}

  /**
   * Copies an app with its interpreter.
   *
   * @param app the app's folder, which stays as it is
   * @param program of this machine; asked by ldd(1) for its libraries
   * @param target a new folder
   * @throws RefusedException INVALID_APP when the program is no executable file, or lacks a library
   */
  public static void add(Path app, Path program, Path target) {
    try {
      Path real = program.toRealPath();
      if (!Files.isRegularFile(real) || !Files.isExecutable(real)) {
        throw invalid(program, "is no executable file");
      }
      copy(app, target);
      place(real, target.resolve(AppDescription.INTERPRETERS + program.getFileName()));
      for (Path library : libraries(real)) {
        place(
            library.toRealPath(), target.resolve("interpreter/lib").resolve(library.getFileName()));
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "%s could not be put into the app: %s".formatted(program, e),
          Map.of("program", program.toString()),
          e);
    }
  }

  private static void copy(Path app, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(app)) {
      for (Path file : files.toList()) {
        Path place = target.resolve(app.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(place);
        } else {
          Files.copy(file, place, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  private static void place(Path file, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
  }

  private static List<Path> libraries(Path program) throws IOException {
    Process ldd = new ProcessBuilder("ldd", program.toString()).redirectErrorStream(true).start();
    ldd.getOutputStream().close();
    String said = new String(ldd.getInputStream().readAllBytes(), UTF_8);
    List<Path> libraries = new ArrayList<>();
    for (String line : said.lines().toList()) {
      Matcher found = LIBRARY.matcher(line);
      if (found.matches() && !OF_ENCLAVES.contains(found.group(1))) {
        libraries.add(Path.of(found.group(2)).resolveSibling(found.group(1)));
      }
      if (MISSING.matcher(line).matches()) {
        throw invalid(program, "lacks a library on this machine:" + line);
      }
    }
    return libraries;
  }

  private static RefusedException invalid(Path program, String problem) {
    return new RefusedException(
        Reason.INVALID_APP,
        "interpreter %s %s".formatted(program, problem),
        Map.of("program", program.toString()));
  }
}
