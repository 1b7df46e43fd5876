package io.parley.peer.config;

import io.parley.peer.config.NodeConfig.BrokerMode;
import io.parley.peer.config.NodeConfig.Data;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.peer.config.NodeConfig.EnclaveLimits;
import io.parley.peer.config.NodeConfig.Limits;
import io.parley.peer.config.NodeConfig.Results;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads {@code parley.yaml}. Strict: unknown keys, wrong types and values out of bounds are errors
 * with file, line and column, and all of them are reported at once. Stateless.
 */
public final class NodeConfigFile {
  private static final int FILE_BYTES_MAX = 64 << 10;
  private static final HostPort ANY_LOCAL = new HostPort("127.0.0.1", 0);
  private static final long MEMORY_LEAST_BYTES = 256L << 20;
  private static final int UID_DEFAULT = 64_200;

  private NodeConfigFile() {}

  /**
   * The configuration in this file.
   *
   * @throws RefusedException INVALID_CONFIG with one line per problem
   * @throws EnvironmentException IO_FAILED when the file cannot be read
   */
  public static NodeConfig read(Path file) {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw invalid(List.of("%s: larger than %d bytes".formatted(file, FILE_BYTES_MAX)));
      }
      return parse(Files.readString(file), file.toString());
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
    List<String> problems = new ArrayList<>();
    NodeConfig config = config(new YamlSection(file, "", compose(text, file), problems));
    if (!problems.isEmpty()) {
      throw invalid(problems);
    }
    return config;
  }

  private static @Nullable Node compose(String text, String file) {
    LoaderOptions options = new LoaderOptions();
    options.setMaxAliasesForCollections(0);
    options.setNestingDepthLimit(8);
    try {
      return new Yaml(options).compose(new StringReader(text));
    } catch (MarkedYAMLException e) {
      var mark = e.getProblemMark();
      String at = mark == null ? "" : ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
      throw invalid(List.of("%s%s: not YAML: %s".formatted(file, at, e.getProblem())));
    }
  }

  private static NodeConfig config(YamlSection root) {
    String party = root.required("party", "x", NodeConfigFile::name);
    HostPort listen = root.optional("listen", ANY_LOCAL, HostPort::parse);
    HostPort advertise = root.optional("advertise", listen, HostPort::parse);
    NodeConfig config =
        new NodeConfig(
            party,
            listen,
            advertise,
            data(root.section("data"), listen, advertise),
            root.optional("broker", BrokerMode.REMOTE, text -> choice(BrokerMode.class, text)),
            enclave(root.section("enclave")),
            results(root.section("results")),
            limits(root.section("limits")));
    root.end();
    return config;
  }

  private static Data data(YamlSection section, HostPort listen, HostPort advertise) {
    DataMode mode = section.optional("mode", DataMode.HANDED, text -> choice(DataMode.class, text));
    HostPort dataListen = section.optional("listen", listen.withPort(0), HostPort::parse);
    HostPort dataAdvertise =
        section.optional("advertise", advertise.withPort(dataListen.port()), HostPort::parse);
    section.end();
    return new Data(mode, dataListen, dataAdvertise);
  }

  private static EnclaveLimits enclave(YamlSection section) {
    EnclaveLimits limits =
        new EnclaveLimits(
            section.optional("memory", 2L << 30, NodeConfigFile::memory),
            section.optional("user", UID_DEFAULT, text -> Quantities.count(text, 1, 999_999_999)),
            section.optional("evidence", "simulated", NodeConfigFile::evidence));
    section.end();
    return limits;
  }

  private static Results results(YamlSection section) {
    Results results =
        new Results(section.optional("keep", Duration.ofDays(7), NodeConfigFile::keep));
    section.end();
    return results;
  }

  private static Limits limits(YamlSection section) {
    Limits limits =
        new Limits(
            section.optional("jobs", 4, text -> Quantities.count(text, 1, 1000)),
            section.optional("datasets", 1000, text -> Quantities.count(text, 1, 100_000)),
            section.optional("dataset_size", 256L << 30, Quantities::bytes));
    section.end();
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

  private static long memory(String text) {
    long bytes = Quantities.bytes(text);
    if (bytes < MEMORY_LEAST_BYTES) {
      throw new IllegalArgumentException(
          "'%s' is too little; an enclave needs at least 256MiB".formatted(text));
    }
    return bytes;
  }

  private static Duration keep(String text) {
    Duration keep = Quantities.duration(text);
    if (keep.isZero() || keep.compareTo(Duration.ofDays(3660)) > 0) {
      throw new IllegalArgumentException("'%s' is out of bounds; 1s to 3660d".formatted(text));
    }
    return keep;
  }

  private static String evidence(String text) {
    if (!text.equals("simulated")) {
      throw new IllegalArgumentException(
          "'%s' is not a kind of evidence that this version makes; expected simulated"
              .formatted(text));
    }
    return text;
  }

  private static <E extends Enum<E>> E choice(Class<E> type, String text) {
    List<String> known =
        Stream.of(type.getEnumConstants()).map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
    if (!known.contains(text)) {
      throw new IllegalArgumentException(
          "'%s' is not one of %s%s".formatted(text, known, Nearest.hint(text, known)));
    }
    return Enum.valueOf(type, text.toUpperCase(Locale.ROOT));
  }

  private static RefusedException invalid(List<String> problems) {
    return new RefusedException(
        Reason.INVALID_CONFIG,
        problems.stream().collect(Collectors.joining("\n")),
        Map.of("problems", Integer.toString(problems.size())));
  }
}
