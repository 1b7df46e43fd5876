package io.parley.peer.cli;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A token of SoftHSM2 in a folder of its own, for a rehearsal; it goes away with the folder.
 *
 * @param configuration what {@code SOFTHSM2_CONF} is to say
 */
record SoftToken(Path configuration, Path library, String label, Path pinFile) {
  private static final List<Path> LIBRARIES =
      List.of(
          Path.of("/usr/lib/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib64/pkcs11/libsofthsm2.so"));
  private static final String LABEL = "parley";
  private static final int SECONDS_MAX = 30;
  private static final int PIN_BYTES = 16;

  /**
   * Makes one.
   *
   * @throws EnvironmentException IO_FAILED where SoftHSM2 is not installed, or does not work
   */
  static SoftToken create(Path folder, SecureRandom random)
      throws IOException, InterruptedException {
    Path library =
        LIBRARIES.stream()
            .filter(Files::isReadable)
            .findFirst()
            .orElseThrow(() -> failed("no SoftHSM2 on this machine; install the package softhsm2"));
    Files.createDirectories(folder.resolve("tokens"));
    Path configuration =
        Files.writeString(
            folder.resolve("softhsm2.conf"),
            "directories.tokendir = %s%nobjectstore.backend = file%nlog.level = ERROR%n"
                .formatted(folder.resolve("tokens")));
    String pin = pin(random);
    initialise(configuration, pin, pin(random), folder.resolve("init.log"));
    Path pinFile = folder.resolve("hsm.pin");
    Files.createFile(
        pinFile,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(pinFile, pin + "\n");
    return new SoftToken(configuration, library, LABEL, pinFile);
  }

  /** What a process needs to find it. */
  Map<String, String> environment() {
    return Map.of("SOFTHSM2_CONF", configuration.toString());
  }

  /** The tool takes PINs from a terminal or its command line, where others would see them. */
  private static void initialise(Path configuration, String pin, String officersPin, Path log)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "script", "-qec", "softhsm2-util --init-token --free --label " + LABEL, "/dev/null")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("SOFTHSM2_CONF", configuration.toString());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw failed("the command 'script' is missing; install the package bsdutils");
    }
    try (var typed = process.getOutputStream()) {
      String lines = "%s%n%s%n%s%n%s%n".formatted(officersPin, officersPin, pin, pin);
      typed.write(lines.getBytes(StandardCharsets.UTF_8));
    }
    boolean ended = process.waitFor(SECONDS_MAX, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    // It shows what was typed, in the rehearsal's folder, which outlives nothing unless kept.
    Files.deleteIfExists(log);
    if (!ended || process.exitValue() != 0) {
      throw failed("softhsm2-util could not make a token; is the package softhsm2 installed?");
    }
  }

  private static String pin(SecureRandom random) {
    byte[] bytes = new byte[PIN_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static EnvironmentException failed(String why) {
    return new EnvironmentException(Reason.IO_FAILED, why);
  }
}
