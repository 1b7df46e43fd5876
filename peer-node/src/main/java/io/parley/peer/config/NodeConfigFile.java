package io.parley.peer.config;

import io.parley.peer.config.NodeConfig.BrokerMode;
import io.parley.peer.config.NodeConfig.Data;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.peer.config.NodeConfig.EnclaveLimits;
import io.parley.peer.config.NodeConfig.Limits;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.config.NodeConfig.Results;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Reads {@code parley.yaml}. Strict: unknown keys, wrong types and values out of bounds are errors
 * with file, line and column, and all of them are reported at once. Stateless.
 */
public final class NodeConfigFile {
  private static final int FILE_BYTES_MAX = 64 << 10;
  private static final HostPort ANY_LOCAL = new HostPort("127.0.0.1", 0);
  static final int UID_DEFAULT = 64_200;

  private NodeConfigFile() {}

  /**
   * The configuration in this file.
   *
   * @throws RefusedException INVALID_CONFIG with one line per problem: file, line, column, key
   * @throws EnvironmentException IO_FAILED when the file cannot be read
   */
  public static NodeConfig read(Path file) {
    try {
      return config(YamlFile.load(file, FILE_BYTES_MAX));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s; 'parley identity create' makes a party home".formatted(file, e),
          Map.of("file", file.toString()),
          e);
    }
  }

  /** As {@link #read}, from text; {@code file} is for messages. */
  public static NodeConfig parse(String text, String file) {
    return config(YamlFile.read(text, file));
  }

  private static NodeConfig config(YamlFile file) {
    YamlSection root =
        file.rootOrThrow(Reason.INVALID_CONFIG)
            .only("party", "listen", "data", "broker", "enclave", "results", "limits");
    String party = root.required("party", "x", "the party's name", NodeConfigFile::name);
    HostPort listen = root.value("listen", ANY_LOCAL, HostPort::parse);
    NodeConfig config =
        new NodeConfig(
            party,
            listen,
            data(root.sectionOrEmpty("data"), listen),
            root.value("broker", BrokerMode.REMOTE, text -> choice(BrokerMode.class, text)),
            enclave(file, root.sectionOrEmpty("enclave")),
            results(root.sectionOrEmpty("results")),
            limits(root.sectionOrEmpty("limits")));
    file.throwIfAny(Reason.INVALID_CONFIG);
    return config;
  }

  private static Data data(YamlSection section, HostPort listen) {
    section.only("mode", "listen", "advertise");
    DataMode mode = section.value("mode", DataMode.HANDED, text -> choice(DataMode.class, text));
    HostPort dataListen = section.value("listen", listen.withPort(0), HostPort::parse);
    Optional<HostPort> advertise =
        section.value("advertise", Optional.empty(), text -> Optional.of(HostPort.parse(text)));
    return new Data(mode, dataListen, advertise);
  }

  private static EnclaveLimits enclave(YamlFile file, YamlSection section) {
    section.only(
        Stream.concat(Stream.of("memory", "user", "remote"), PlatformSection.KEYS.stream())
            .toArray(String[]::new));
    EnclaveLimits limits =
        new EnclaveLimits(
            section.value("memory", 2L << 30, EnclaveLimits::memory),
            section.value("user", UID_DEFAULT, text -> Quantities.count(text, 1, 999_999_999)),
            section.find("remote") == null
                ? PlatformSection.read(file, section)
                : PlatformSection.elsewhere(file, section),
            section.find("remote") == null ? null : remote(section.sectionOrEmpty("remote")));
    return limits;
  }

  private static RemoteEnclave remote(YamlSection section) {
    section.only("address", "name");
    RemoteEnclave remote =
        new RemoteEnclave(
            section.required("address", ANY_LOCAL, "host:port of the server", HostPort::parse),
            section.required("name", "x", "the name in its certificate", NodeConfigFile::name));
    return remote;
  }

  private static Results results(YamlSection section) {
    section.only("keep");
    Results results = new Results(section.value("keep", Duration.ofDays(7), NodeConfigFile::keep));
    return results;
  }

  private static Limits limits(YamlSection section) {
    section.only("jobs", "start_within", "datasets", "dataset_size");
    Limits limits =
        new Limits(
            section.value("jobs", 4, text -> Quantities.count(text, 1, 1000)),
            section.value("start_within", Duration.ofSeconds(60), NodeConfigFile::startWithin),
            section.value("datasets", 1000, text -> Quantities.count(text, 1, 100_000)),
            section.value("dataset_size", 256L << 30, Quantities::bytes));
    return limits;
  }

  private static String name(String text) {
    if (!text.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
      throw new IllegalArgumentException(
          "'%s' is not a name; expected lower-case letters, digits and hyphens, at most 63"
              .formatted(text));
    }
    return text;
  }

  private static Duration keep(String text) {
    Duration keep = Quantities.duration(text);
    if (keep.isZero() || keep.compareTo(Duration.ofDays(3660)) > 0) {
      throw new IllegalArgumentException("'%s' is out of bounds; 1s to 3660d".formatted(text));
    }
    return keep;
  }

  private static Duration startWithin(String text) {
    Duration within = Quantities.duration(text);
    if (within.isZero() || within.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("'%s' is out of bounds; 1s to 1h".formatted(text));
    }
    return within;
  }

  private static <E extends Enum<E>> E choice(Class<E> type, String text) {
    List<String> known =
        Stream.of(type.getEnumConstants()).map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
    if (!known.contains(text)) {
      throw new IllegalArgumentException(
          "'%s' is not one of %s%s".formatted(text, known, Suggestions.hint(text, known)));
    }
    return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
  }
}
