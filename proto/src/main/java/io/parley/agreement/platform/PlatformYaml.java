package io.parley.agreement.platform;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Platform policies as people write them: one reader for agreements and for files of their own.
 * Strict: an unknown key is an error, all problems are told at once. What is not written has the
 * strict value; what has none, such as a measurement, must be written. Stateless.
 */
public final class PlatformYaml {
  private static final int SIZE_BYTES_MAX = 64 << 10;
  private static final List<String> NAMED =
      List.of(SevSnpPolicy.KIND, TdxPolicy.KIND, NitroPolicy.KIND, TpmPolicy.KIND);

  private PlatformYaml() {}

  /**
   * Reads a file that holds one policy, with its {@code kind} on top.
   *
   * @throws RefusedException INVALID_CONFIG that lists every problem with line and column
   * @throws EnvironmentException IO_FAILED
   */
  public static PolicyFile load(Path file) {
    try {
      return policy(YamlFile.load(file, SIZE_BYTES_MAX));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  /**
   * As {@link #load}, from text.
   *
   * @param name for messages
   */
  public static PolicyFile parse(String text, String name) {
    return policy(YamlFile.read(text, name));
  }

  private static PolicyFile policy(YamlFile yaml) {
    YamlSection root = yaml.rootOrThrow(Reason.INVALID_CONFIG);
    String kind = root.required("kind", "", "sev-snp, tdx, nitro or tpm2", text -> text);
    @Nullable PlatformPolicy policy = null;
    if (NAMED.contains(kind)) {
      policy = read(yaml.problems(), root, kind, PolicyUse.FILE);
    } else if (!kind.isEmpty()) {
      yaml.problems()
          .add(
              "kind",
              "'%s' is not sev-snp, tdx, nitro or tpm2%s"
                  .formatted(Suggestions.shown(kind), Suggestions.hint(kind, NAMED)));
    }
    yaml.throwIfAny(Reason.INVALID_CONFIG);
    if (policy == null) {
      throw new BugException("no policy, and no problem says why");
    }
    return new PolicyFile(
        policy, root.entries().stream().map(YamlNode.Entry::key).collect(Collectors.toSet()));
  }

  /**
   * The policy of this kind that a section holds, or null and problems.
   *
   * @param kind of {@link PlatformPolicy#KINDS}
   */
  public static @Nullable PlatformPolicy read(
      Problems problems, YamlSection section, String kind, PolicyUse use) {
    PolicyValues values = new PolicyValues(problems, section, use);
    return switch (kind) {
      case SevSnpPolicy.KIND -> SevSnpYaml.read(problems, values);
      case TdxPolicy.KIND -> TdxYaml.read(problems, values);
      case NitroPolicy.KIND -> NitroYaml.read(problems, values);
      case TpmPolicy.KIND -> TpmYaml.read(problems, values);
      default -> throw new BugException("'%s' is no kind of hardware".formatted(kind));
    };
  }

  /**
   * The lines of a policy's section, which {@link #read} reads back as the same policy; every value
   * is there, the strict ones too.
   */
  public static List<String> write(PlatformPolicy policy) {
    return switch (policy) {
      case SevSnpPolicy snp -> SevSnpYaml.write(snp);
      case TdxPolicy tdx -> TdxYaml.write(tdx);
      case NitroPolicy nitro -> NitroYaml.write(nitro);
      case TpmPolicy tpm -> TpmYaml.write(tpm);
    };
  }
}
