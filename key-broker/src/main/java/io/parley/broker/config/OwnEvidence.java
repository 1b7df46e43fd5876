package io.parley.broker.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What broker.yaml says about evidence of the broker's own. */
public sealed interface OwnEvidence {
  /** Kinds that a folder of the kernel's gives. */
  Set<String> TSM_KINDS = Set.of("sev-snp", "tdx");

  /** It shows none: agreements that demand some cannot be used with this broker. */
  record None() implements OwnEvidence {}

  /** Its own signature, for rehearsals: no agreement can demand it. */
  record Simulated() implements OwnEvidence {}

  /**
   * A confidential VM's, through Linux's configfs-tsm.
   *
   * @param kind of {@link #TSM_KINDS}
   * @param tsm the kernel's folder
   * @param certificates files, for what the machine does not give along: read at each question
   * @param collateral files that the vendor publishes: read at each question, for they age
   */
  record Tsm(String kind, Path tsm, List<Path> certificates, List<Path> collateral)
      implements OwnEvidence {
    public Tsm {
      certificates = List.copyOf(certificates);
      collateral = List.copyOf(collateral);
      BrokerConfig.require(
          TSM_KINDS.contains(kind),
          "own_evidence.kind: '%s' is not sev-snp or tdx".formatted(kind));
    }
  }
}
