package io.parley.peer.config;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** Reads {@code enclave.yaml}, as strictly as {@link NodeConfigFile} reads a node's. Stateless. */
public final class EnclaveConfigFile {
  private static final int FILE_BYTES_MAX = 64 << 10;
  private static final HostPort ANY_LOCAL = new HostPort("127.0.0.1", 0);

  private EnclaveConfigFile() {}

  /**
   * The configuration in this file.
   *
   * @throws RefusedException INVALID_CONFIG with one line per problem: file, line, column, key
   * @throws EnvironmentException IO_FAILED when the file cannot be read
   */
  public static EnclaveConfig read(Path file) {
    try {
      return config(YamlFile.load(file, FILE_BYTES_MAX));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s; 'parley enclave init' makes an enclave server's folder"
              .formatted(file, e),
          Map.of("file", file.toString()),
          e);
    }
  }

  /** As {@link #read}, from text; {@code file} is for messages. */
  public static EnclaveConfig parse(String text, String file) {
    return config(YamlFile.read(text, file));
  }

  private static EnclaveConfig config(YamlFile file) {
    YamlSection root =
        file.rootOrThrow(Reason.INVALID_CONFIG)
            .only(
                Stream.concat(
                        Stream.of("listen", "memory", "enclaves", "user"),
                        PlatformSection.KEYS.stream())
                    .toArray(String[]::new));
    EnclaveConfig config =
        new EnclaveConfig(
            root.value("listen", ANY_LOCAL, HostPort::parse),
            platform(file, root),
            root.value("memory", 4L << 30, NodeConfig.EnclaveLimits::memory),
            root.value("enclaves", 4, text -> Quantities.count(text, 1, 64)),
            root.value(
                "user",
                NodeConfigFile.UID_DEFAULT,
                text -> Quantities.count(text, 1, 999_999_999)));
    file.throwIfAny(Reason.INVALID_CONFIG);
    return config;
  }

  /** The kind is written: nobody is to take a simulated one for a VM's. */
  private static PlatformConfig platform(YamlFile file, YamlSection root) {
    var unused = root.require("evidence", "a kind of evidence");
    return PlatformSection.read(file, root);
  }
}
