package io.parley.broker.keys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * SoftHSM2 with tokens of this process, which go away with it. The library is one per process and
 * takes its configuration from the environment, so tests share it, each with a token of its own.
 */
public final class SoftHsm {
  /** User PIN of every token here. */
  public static final String PIN = "a user's PIN";

  private static final List<Path> LIBRARIES =
      List.of(
          Path.of("/usr/lib/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"));
  private static final AtomicInteger TOKENS = new AtomicInteger();
  private static final MethodHandle SETENV =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().find("setenv").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_INT));

  private final Path library;
  private final Path folder;
  private final Path configuration;

  private SoftHsm(Path library, Path folder) {
    this.library = library;
    this.folder = folder;
    this.configuration = folder.resolve("softhsm2.conf");
  }

  /** The one of this process; without the library the test is skipped. */
  public static SoftHsm get() {
    return Holder.FOUND == null ? skip() : Holder.FOUND;
  }

  private static SoftHsm skip() {
    Assumptions.abort("SoftHSM2 is not here; install the package softhsm2 to test with an HSM");
    throw new AssertionError();
  }

  public Path library() {
    return library;
  }

  /** What {@code SOFTHSM2_CONF} is to say. */
  public Path configuration() {
    return configuration;
  }

  /** A fresh token and the file of its PIN, in this folder. */
  public TokenSettings token(Path pinFolder) {
    String label = "parley test " + TOKENS.incrementAndGet();
    run(
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        label,
        "--so-pin",
        "an officer's PIN",
        "--pin",
        PIN);
    // A token made by another process shows up when the library starts anew.
    restart();
    TokenSettings settings = new TokenSettings(library, label, pinFolder.resolve("hsm.pin"));
    writePin(settings, PIN);
    return settings;
  }

  /** Writes another PIN where the vault reads it. */
  public static void writePin(TokenSettings settings, String pin) {
    try {
      Files.deleteIfExists(settings.pinFile());
      Files.createFile(
          settings.pinFile(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(settings.pinFile(), pin + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All logins and sessions are lost; the tokens are there. */
  public void restart() {
    pullOut(configuration);
  }

  /** All logins and sessions are lost, and there is no token until {@link #restart}. */
  public void unplug() {
    pullOut(folder.resolve("none.conf"));
  }

  private void pullOut(Path next) {
    try {
      Cryptoki cryptoki = Cryptoki.load(library);
      cryptoki.initialize();
      cryptoki.finish();
    } catch (TokenException e) {
      throw new AssertionError(e);
    }
    setenv(next);
  }

  private static void setenv(Path configuration) {
    try (Arena arena = Arena.ofConfined()) {
      int answer =
          (int)
              SETENV.invokeExact(
                  arena.allocateFrom("SOFTHSM2_CONF"),
                  arena.allocateFrom(configuration.toString()),
                  1);
      if (answer != 0) {
        throw new AssertionError("setenv failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void run(String... command) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("SOFTHSM2_CONF", configuration.toString());
      Process process = builder.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static final class Holder {
    static final @org.jspecify.annotations.Nullable SoftHsm FOUND = find();

    private static @org.jspecify.annotations.Nullable SoftHsm find() {
      Path library = LIBRARIES.stream().filter(Files::exists).findFirst().orElse(null);
      boolean util =
          Stream.of(System.getenv("PATH").split(":"))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, "softhsm2-util")));
      if (library == null || !util) {
        return null;
      }
      try {
        Path folder = Files.createTempDirectory("parley-softhsm");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        write(folder, "softhsm2.conf", "tokens");
        write(folder, "none.conf", "none");
        SoftHsm found = new SoftHsm(library, folder);
        setenv(found.configuration);
        return found;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void write(Path folder, String file, String tokens) throws IOException {
      Files.writeString(
          folder.resolve(file),
          """
          directories.tokendir = %s
          objectstore.backend = file
          log.level = ERROR
          """
              .formatted(Files.createDirectory(folder.resolve(tokens))));
    }

    private static void delete(Path root) {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
