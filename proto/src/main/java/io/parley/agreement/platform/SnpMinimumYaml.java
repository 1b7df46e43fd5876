package io.parley.agreement.platform;

import static io.parley.agreement.platform.PolicyValues.number;

import io.parley.wire.Problems;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlSection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The least versions of SEV-SNP machines, as text: of all families, or of each. Stateless. */
final class SnpMinimumYaml {
  private static final String KEY = "minimum_tcb";
  private static final String FMC = "fmc";
  private static final List<String> PARTS = List.of(FMC, "bootloader", "tee", "snp", "microcode");
  private static final SnpTcb PLACEHOLDER = new SnpTcb(0, 0, 0, 0, 0);

  private SnpMinimumYaml() {}

  /** Where the values are wrong, anything and problems. */
  static SnpMinimum read(Problems problems, PolicyValues values, List<String> families) {
    @Nullable YamlSection section = values.section().section(KEY);
    if (section == null) {
      return new SnpMinimum.ForAll(PLACEHOLDER);
    }
    List<String> keys = section.entries().stream().map(YamlNode.Entry::key).toList();
    if (keys.stream().noneMatch(SevSnpPolicy.FAMILIES::contains)) {
      return new SnpMinimum.ForAll(parts(section, families.contains(SevSnpPolicy.TURIN)));
    }
    if (keys.stream().anyMatch(PARTS::contains)) {
      problems.add(
          values.section().path(KEY),
          "has versions and families; write the versions once for all families, or under each");
      return new SnpMinimum.ForAll(PLACEHOLDER);
    }
    section.only(SevSnpPolicy.FAMILIES.toArray(String[]::new));
    SortedMap<String, SnpTcb> tcbs = new TreeMap<>();
    for (YamlNode.Entry entry : section.entries()) {
      @Nullable YamlSection family = section.section(entry);
      if (family != null && SevSnpPolicy.FAMILIES.contains(entry.key())) {
        tcbs.put(entry.key(), parts(family, entry.key().equals(SevSnpPolicy.TURIN)));
      }
    }
    SnpMinimum minimum = new SnpMinimum.ByFamily(tcbs);
    if (!families.isEmpty()) {
      values.rules().minimum(KEY, minimum, families);
    }
    return minimum;
  }

  private static SnpTcb parts(YamlSection tcb, boolean turin) {
    tcb.only(PARTS.toArray(String[]::new));
    return new SnpTcb(
        turin ? version(tcb, FMC) : tcb.value(FMC, 0, number(SnpTcb.MAX)),
        version(tcb, "bootloader"),
        version(tcb, "tee"),
        version(tcb, "snp"),
        version(tcb, "microcode"));
  }

  private static int version(YamlSection tcb, String part) {
    return tcb.required(part, 0, "a version", number(SnpTcb.MAX));
  }

  static String write(SnpMinimum minimum) {
    return switch (minimum) {
      case SnpMinimum.ForAll(SnpTcb tcb) -> write(tcb);
      case SnpMinimum.ByFamily(SortedMap<String, SnpTcb> tcbs) ->
          tcbs.entrySet().stream()
              .map(each -> each.getKey() + ": " + write(each.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
    };
  }

  private static String write(SnpTcb tcb) {
    return "{fmc: %d, bootloader: %d, tee: %d, snp: %d, microcode: %d}"
        .formatted(tcb.fmc(), tcb.bootloader(), tcb.tee(), tcb.snp(), tcb.microcode());
  }
}
