package io.parley.agreement.platform;

import java.util.Optional;
import java.util.SortedMap;

/**
 * The least security versions of an SEV-SNP machine, part by part: one for whatever line of
 * processors it is, or, because lines count their versions each in its own way, one for each.
 */
public sealed interface SnpMinimum {
  /** What is wanted of a machine of this family; empty when the policy says nothing of it. */
  Optional<SnpTcb> of(String family);

  /** The same for all. */
  record ForAll(SnpTcb tcb) implements SnpMinimum {
    @Override
    public Optional<SnpTcb> of(String family) {
      return Optional.of(tcb);
    }
  }

  /** For each family its own. */
  record ByFamily(SortedMap<String, SnpTcb> tcbs) implements SnpMinimum {
    public ByFamily {
      tcbs = PolicyRules.sorted(tcbs);
    }

    @Override
    public Optional<SnpTcb> of(String family) {
      return Optional.ofNullable(tcbs.get(family));
    }
  }
}
