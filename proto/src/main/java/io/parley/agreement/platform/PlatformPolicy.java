package io.parley.agreement.platform;

import java.util.List;

/**
 * What one kind of hardware must show. Values only: who compares them with evidence is the key
 * broker. Everything is in it, the strict values too, so that what was signed needs no defaults to
 * be understood.
 */
public sealed interface PlatformPolicy permits NitroPolicy, SevSnpPolicy, TdxPolicy, TpmPolicy {
  /** The kinds that have a policy, sorted. */
  List<String> KINDS = List.of(NitroPolicy.KIND, SevSnpPolicy.KIND, TdxPolicy.KIND, TpmPolicy.KIND);

  /** The kind of evidence that it is about. */
  String kind();
}
