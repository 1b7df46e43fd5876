package io.parley.peer.cli;

import io.parley.agreement.Environment;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.Evidence;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.platform.kinds.PlatformFacts;
import io.parley.peer.platform.kinds.Platforms;
import io.parley.wire.Digest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The evidence of a rehearsal: its nodes are made up, so it is simulated, or of emulated TPMs whose
 * authorities were made a moment ago. What the file wants of other platforms is put aside, and said
 * so; the rules by which evidence is judged are the real ones.
 */
enum RehearsedEvidence {
  SIMULATED(Evidence.SIMULATED),
  EMULATED_TPM(TpmPolicy.KIND);

  /** From an option's value. */
  static final class Converter implements ITypeConverter<RehearsedEvidence> {
    @Override
    public RehearsedEvidence convert(String text) {
      for (RehearsedEvidence each : values()) {
        if (each.kind.equals(text)) {
          return each;
        }
      }
      throw new TypeConversionException(
          "'%s' cannot be rehearsed; expected simulated or tpm2".formatted(text));
    }
  }

  private final String kind;

  RehearsedEvidence(String kind) {
    this.kind = kind;
  }

  /**
   * What was asked for; where nothing was, emulated TPMs if the file accepts TPMs and no
   * simulation.
   */
  static RehearsedEvidence of(@Nullable RehearsedEvidence asked, List<String> accepted) {
    if (asked != null) {
      return asked;
    }
    return accepted.contains(TpmPolicy.KIND) && !accepted.contains(Evidence.SIMULATED)
        ? EMULATED_TPM
        : SIMULATED;
  }

  String kind() {
    return kind;
  }

  /** Each of the parties' own authorities for emulated TPMs, in place of the file's roots. */
  List<PlatformPolicy> platforms(Cast cast, Session session) {
    if (this == SIMULATED) {
      return List.of();
    }
    Map<String, Digest> roots = new TreeMap<>();
    for (String party : cast.parties()) {
      roots.put(party, Cast.at(party, () -> root(cast.player(party).home().root(), session)));
    }
    // An emulated TPM has not booted anything, so there are no registers to compare.
    return List.of(
        new TpmPolicy(new TreeMap<>(), List.of(), new TreeMap<>(roots), TpmPolicy.EMULATORS));
  }

  private static Digest root(Path home, Session session) {
    NodeConfig config = NodeConfigFile.read(home.resolve("parley.yaml"));
    Map<String, String> facts =
        Platforms.facts(
                config.enclave().platform(),
                OwnMachine.surroundings(home.resolve("state"), config, session),
                List.of())
            .values();
    return Digest.parse(facts.getOrDefault(PlatformFacts.ROOT, ""));
  }

  /** What has to be said when the file wants something else. */
  List<String> notices(Environment agreed) {
    if (this == SIMULATED && agreed.evidence().contains(Evidence.SIMULATED)) {
      return List.of();
    }
    if (this == EMULATED_TPM && agreed.evidence().contains(TpmPolicy.KIND)) {
      return List.of(
          "Note: 'environment.tpm2' of the file names a real run's TPMs; this rehearsal uses emulated ones, and its own roots for them.");
    }
    return List.of(
        "Note: 'environment.evidence' of the file names %s; this rehearsal uses %s."
            .formatted(agreed.evidence(), this == SIMULATED ? kind : "tpm2, with emulated TPMs"));
  }
}
