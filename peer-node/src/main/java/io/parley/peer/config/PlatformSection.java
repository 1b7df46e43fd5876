package io.parley.peer.config;

import io.parley.peer.config.PlatformConfig.ConfidentialVm;
import io.parley.peer.config.PlatformConfig.Elsewhere;
import io.parley.peer.config.PlatformConfig.EmulatedTpm;
import io.parley.peer.config.PlatformConfig.Simulated;
import io.parley.peer.config.PlatformConfig.TpmDevice;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlSection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads what vouches for enclaves from a section: {@code evidence}, and what belongs to that kind.
 * A key that the kind has no use for is an error. Stateless.
 */
public final class PlatformSection {
  /** Keys that it reads; the section may have others. */
  public static final List<String> KEYS =
      List.of("evidence", "tpm", "tsm", "certificates", "collateral");

  private static final String SWTPM = "swtpm";
  private static final Path TSM_DEFAULT = Path.of("/sys/kernel/config/tsm/report");

  private final YamlFile file;
  private final YamlSection section;

  private PlatformSection(YamlFile file, YamlSection section) {
    this.file = file;
    this.section = section;
  }

  /** Whatever is wrong becomes a problem of the file's. */
  public static PlatformConfig read(YamlFile file, YamlSection section) {
    return new PlatformSection(file, section).config();
  }

  /** Of a node whose enclaves run elsewhere: the kind, and nothing that belongs to this machine. */
  static PlatformConfig elsewhere(YamlFile file, YamlSection section) {
    PlatformSection platform = new PlatformSection(file, section);
    platform.useless("enclaves elsewhere", "tpm", "tsm", "certificates", "collateral");
    return new Elsewhere(section.value("evidence", "simulated", PlatformSection::kind));
  }

  private PlatformConfig config() {
    String kind = section.value("evidence", "simulated", PlatformSection::kind);
    return switch (kind) {
      case "tpm2" -> tpm();
      case "sev-snp" -> {
        useless(kind, "tpm");
        yield new ConfidentialVm(kind, tsm(), folder("certificates"), folder("collateral"));
      }
      case "tdx" -> {
        // A quote brings its certificates along.
        useless(kind, "tpm", "certificates");
        yield new ConfidentialVm(kind, tsm(), null, folder("collateral"));
      }
      default -> {
        useless(kind, "tpm", "tsm", "certificates", "collateral");
        yield new Simulated();
      }
    };
  }

  private PlatformConfig tpm() {
    useless("tpm2", "tsm");
    String tpm =
        section.required("tpm", SWTPM, "swtpm or a device such as /dev/tpmrm0", text -> text);
    if (tpm.equals(SWTPM)) {
      useless("tpm2 with swtpm", "certificates", "collateral");
      return new EmulatedTpm();
    }
    return new TpmDevice(
        section.value("tpm", Path.of("/dev/tpmrm0"), PlatformSection::absolute),
        folder("certificates"),
        folder("collateral"));
  }

  private Path tsm() {
    return section.value("tsm", TSM_DEFAULT, PlatformSection::absolute);
  }

  private @Nullable Path folder(String key) {
    return section
        .<Optional<Path>>value(key, Optional.empty(), text -> Optional.of(absolute(text)))
        .orElse(null);
  }

  private void useless(String kind, String... keys) {
    for (String key : keys) {
      if (section.find(key) != null) {
        file.problems().add(section.path(key), "has no meaning for evidence of %s".formatted(kind));
      }
    }
  }

  private static Path absolute(String text) {
    Path path = Path.of(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException(
          "'%s' is no absolute path%s".formatted(text, Suggestions.hint(text, List.of(SWTPM))));
    }
    return path;
  }

  private static String kind(String text) {
    if (!PlatformConfig.KINDS.contains(text)) {
      throw new IllegalArgumentException(
          "'%s' is not a kind of evidence that nodes make; expected one of %s%s"
              .formatted(text, PlatformConfig.KINDS, Suggestions.hint(text, PlatformConfig.KINDS)));
    }
    return text;
  }
}
