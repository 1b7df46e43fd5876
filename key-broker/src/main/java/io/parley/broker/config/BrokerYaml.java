package io.parley.broker.config;

import io.parley.broker.config.BrokerConfig.CallLimits;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.Evidence;
import io.parley.evidence.tsm.TsmReports;
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
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads broker.yaml strictly: an unknown key is an error, and all problems are told at once. */
public final class BrokerYaml {
  /** Its name in the broker's home. */
  public static final String FILE_NAME = "broker.yaml";

  private static final int SIZE_BYTES_MAX = 64 << 10;
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})(ms|s|m)");

  private BrokerYaml() {}

  /**
   * Reads the file; relative paths in it start at its own folder.
   *
   * @throws RefusedException INVALID_CONFIG that lists every problem with line and column
   * @throws EnvironmentException IO_FAILED
   */
  public static BrokerConfig load(Path file) {
    try {
      return config(YamlFile.load(file, SIZE_BYTES_MAX), file);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  static BrokerConfig parse(String text, Path file) {
    return config(YamlFile.read(text, file.toString()), file);
  }

  private static BrokerConfig config(YamlFile yaml, Path file) {
    YamlSection root =
        yaml.rootOrThrow(Reason.INVALID_CONFIG)
            .only(
                "listen",
                "membership",
                "evidence",
                "collateral",
                "challenge_valid",
                "keys",
                "limits",
                "own_evidence");
    String listen =
        root.required(
            "listen", "localhost:0", "host:port, port 0 for any free one", BrokerYaml::address);
    String membership =
        root.required("membership", "", "the folder of the membership lists", text -> text);
    @Nullable List<String> evidence = root.texts("evidence", "kinds of evidence", false);
    @Nullable String collateral =
        root.find("collateral") == null ? null : root.text("collateral", "a folder");
    Duration valid =
        root.value("challenge_valid", BrokerConfig.CHALLENGE_VALID_DEFAULT, BrokerYaml::duration);
    KeysConfig keys = KeysYaml.read(root, file);
    YamlSection limits =
        root.sectionOrEmpty("limits")
            .only(
                "calls_per_connection",
                "calls_per_party",
                "message_bytes",
                "open_proposals_per_party",
                "decisions_per_minute");
    CallLimits defaults = CallLimits.DEFAULT;
    int perConnection =
        limits.value("calls_per_connection", defaults.callsPerConnection(), BrokerYaml::number);
    int perParty = limits.value("calls_per_party", defaults.callsPerParty(), BrokerYaml::number);
    int bytes = limits.value("message_bytes", defaults.messageBytes(), BrokerYaml::number);
    int proposals =
        limits.value("open_proposals_per_party", defaults.openProposals(), BrokerYaml::number);
    int decisions =
        limits.value("decisions_per_minute", defaults.decisionsPerMinute(), BrokerYaml::number);
    OwnEvidence own = ownEvidence(root, file.toAbsolutePath(), yaml);
    yaml.throwIfAny(Reason.INVALID_CONFIG);
    int colon = listen.lastIndexOf(':');
    try {
      return new BrokerConfig(
          listen.substring(0, colon),
          Integer.parseInt(listen.substring(colon + 1)),
          sibling(file, membership),
          new TreeSet<>(evidence == null ? List.of() : evidence),
          collateral == null ? null : sibling(file, collateral),
          valid,
          keys,
          new CallLimits(perConnection, perParty, bytes, proposals, decisions),
          own);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "%s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  private static Path sibling(Path file, String folder) {
    return file.toAbsolutePath().resolveSibling(folder).normalize();
  }

  private static OwnEvidence ownEvidence(YamlSection root, Path file, YamlFile yaml) {
    if (root.find("own_evidence") == null) {
      return new OwnEvidence.None();
    }
    YamlSection own = root.sectionOrEmpty("own_evidence");
    String kind = own.required("kind", "", "simulated, sev-snp or tdx", text -> text);
    if (OwnEvidence.TSM_KINDS.contains(kind)) {
      own.only("kind", "tsm", "certificates", "collateral");
      return new OwnEvidence.Tsm(
          kind,
          file.resolveSibling(own.value("tsm", TsmReports.KERNEL.toString(), text -> text)),
          files(own, "certificates", file, yaml),
          files(own, "collateral", file, yaml));
    }
    if (!kind.isEmpty() && !kind.equals(Evidence.SIMULATED)) {
      yaml.problems()
          .add(
              "own_evidence.kind",
              "'%s' is not simulated, sev-snp or tdx%s"
                  .formatted(
                      Suggestions.shown(kind),
                      Suggestions.hint(kind, List.of(Evidence.SIMULATED, "sev-snp", "tdx"))));
    }
    own.only("kind");
    return new OwnEvidence.Simulated();
  }

  private static List<Path> files(YamlSection own, String key, Path file, YamlFile yaml) {
    List<Path> files = own.textsOrNone(key, "files").stream().map(file::resolveSibling).toList();
    yaml.problems()
        .check(
            files.size() <= BrokerEvidence.MAX_PARTS,
            own.path(key),
            "names %d files; at most %d are sent"
                .formatted(files.size(), BrokerEvidence.MAX_PARTS));
    return files;
  }

  private static String address(String text) {
    int colon = text.lastIndexOf(':');
    BrokerConfig.require(
        colon >= 1 && text.substring(colon + 1).matches("[0-9]{1,5}"),
        "'%s' is no address; expected host:port, port 0 for any free one".formatted(text));
    return text;
  }

  private static int number(String text) {
    BrokerConfig.require(text.matches("[0-9]{1,9}"), "'%s' is no whole number".formatted(text));
    return Integer.parseInt(text);
  }

  /** The text of a new broker's file. */
  public static String template(String listen, String membership, KeysConfig keys) {
    return """
    # The key broker. Unknown keys are errors.

    # host:port; port 0 takes a free one and writes it to the ready file.
    listen: %s
    # Folder with the signed membership lists to start from; later ones come by themselves.
    membership: %s
    # Kinds of evidence accepted, if an agreement names them too.
    # Simulated evidence protects against nobody who owns a host: take it out where only hardware will do.
    evidence: [simulated, tpm2, sev-snp, tdx, nitro]
    # Folder with what vendors publish about their machines: certificates, revocation lists, TCB info.
    # Nothing is fetched. Without it, all of it has to come with the evidence.
    # collateral: collateral
    # Evidence of the broker's own, for agreements that demand it; without this section there is none.
    # own_evidence: {kind: sev-snp, tsm: /sys/kernel/config/tsm/report, collateral: [milan.crl]}
    # How long a challenge is good for, at most 5m.
    challenge_valid: 2m
    # Where the keys that wrap data keys are kept: in file, under master.key, or pkcs11, in an HSM, with
    # library, token_label and pin_file. To change it when there are keys: key-broker rewrap.
    keys:
    %s\
    limits:
      calls_per_connection: 64
      calls_per_party: 128
      message_bytes: 4194304
      # Agreements of one proposer that wait for signatures.
      open_proposals_per_party: 100
      # Refusals and the like that one party can put into the record; jobs and grants go by agreement.
      decisions_per_minute: 600
    """
        .formatted(quoted(listen), quoted(membership), KeysYaml.write(keys));
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no duration; expected for example 90s or 2m".formatted(text));
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      default -> Duration.ofMinutes(amount);
    };
  }
}
