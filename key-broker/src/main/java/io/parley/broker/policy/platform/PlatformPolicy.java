package io.parley.broker.policy.platform;

import java.util.List;

/** What is wanted of one kind of platform. Evidence is allowed when no comparison differs. */
public sealed interface PlatformPolicy permits NitroPolicy, SnpPolicy, TdxPolicy, TpmPolicy {
  /** Where strict defaults come from, for people. */
  String DEFAULT = "default";

  /** The kind of evidence that it is about. */
  String kind();

  /** By default no one but the enclave may look inside. */
  static Expected<Boolean> refused() {
    return new Expected.OneOf<>(List.of(false), DEFAULT);
  }
}
