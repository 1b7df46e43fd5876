package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.proto.broker.v1.Receipt;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.List;

/**
 * What people must see wherever evidence is named: that it is simulated or emulated, so that nobody
 * takes it for hardware. Stateless.
 */
final class Stamps {
  static final String SIMULATED =
      "SIMULATED evidence: this run protects against nobody who owns a host.";
  private static final String SIMULATED_KIND = "simulated";

  /** In receipts, for keys that no certificate tells about. */
  private static final String UNKNOWN = "unknown";

  private static final String NOBODY = "protects against nobody who owns a host";

  private Stamps() {}

  /** Of evidence whose receipt is not at hand: only that says whether a TPM was emulated. */
  static String kind(String kind) {
    return kind.equals(TpmPolicy.KIND)
        ? "tpm2 (of hardware or EMULATED: the receipt says)"
        : kind(kind, "");
  }

  /**
   * Of evidence in a receipt.
   *
   * @param emulator as the receipt has it
   */
  static String kind(String kind, String emulator) {
    if (kind.equals(SIMULATED_KIND)) {
      return "SIMULATED (%s)".formatted(NOBODY);
    }
    if (emulator.equals(UNKNOWN)) {
      return "%s (its key TRUSTED BY NAME: of hardware or EMULATED)".formatted(kind);
    }
    return emulator.isEmpty()
        ? kind
        : "EMULATED TPM (%s) (%s)".formatted(Suggestions.shown(emulator), NOBODY);
  }

  /** What to say with a result of the job of this receipt. */
  static List<String> notices(Receipt receipt) {
    return receipt.getEnclavesList().stream()
        .flatMap(enclave -> notices(enclave.getEvidenceKind(), enclave.getEmulator()).stream())
        .distinct()
        .toList();
  }

  /** What to say with a result that no receipt is at hand for. */
  static List<String> notices(String kind) {
    return kind.equals(TpmPolicy.KIND)
        ? List.of("Evidence of a TPM: the receipt says whether it was EMULATED.")
        : notices(kind, "");
  }

  private static List<String> notices(String kind, String emulator) {
    if (kind.equals(SIMULATED_KIND)) {
      return List.of(SIMULATED);
    }
    if (emulator.equals(UNKNOWN)) {
      return List.of(
          "A TPM's key was TRUSTED BY NAME: nothing says that the TPM was not EMULATED.");
    }
    return emulator.isEmpty()
        ? List.of()
        : List.of(
            "EMULATED TPM (%s): this run protects against nobody who owns a host."
                .formatted(Suggestions.shown(emulator)));
  }

  /** What somebody who is about to sign must not overlook. */
  static List<String> warnings(Agreement agreement) {
    List<String> warnings = new ArrayList<>();
    if (agreement.environment().evidence().contains(SIMULATED_KIND)) {
      warnings.add("WARNING: it accepts SIMULATED evidence, which %s.".formatted(NOBODY));
    }
    agreement.environment().platforms().forEach(policy -> warnings.addAll(warnings(policy)));
    agreement
        .brokerEvidence()
        .forEach(policy ->
            warnings(policy)
                .forEach(warning ->
                    warnings.add(warning.replace("it accepts", "of the broker it accepts"))));
    return warnings;
  }

  /** Of one kind of hardware. */
  static List<String> warnings(PlatformPolicy policy) {
    List<String> warnings = new ArrayList<>();
    switch (policy) {
      case TpmPolicy tpm -> {
        tpm.emulators()
            .forEach(emulator ->
                warnings.add(
                    "WARNING: it accepts an EMULATED TPM (%s), which %s."
                        .formatted(emulator, NOBODY)));
        if (!tpm.attestationKeys().isEmpty()) {
          warnings.add(
              "WARNING: it accepts TPM keys by name; nothing says that those TPMs are not EMULATED.");
        }
      }
      case SevSnpPolicy snp -> {
        debug(warnings, snp.kind(), snp.debugAllowed());
        if (snp.migrationAllowed()) {
          warnings.add("WARNING: it accepts sev-snp guests that an agent may move and so read.");
        }
        if (!snp.revocationRequired()) {
          warnings.add("WARNING: it accepts sev-snp reports without AMD's revocation list.");
        }
      }
      case TdxPolicy tdx -> debug(warnings, tdx.kind(), tdx.debugAllowed());
      case NitroPolicy nitro -> debug(warnings, nitro.kind(), nitro.debugAllowed());
    }
    return warnings;
  }

  private static void debug(List<String> warnings, String kind, boolean allowed) {
    if (allowed) {
      warnings.add(
          "WARNING: it accepts %s guests in DEBUG mode, which the host can read.".formatted(kind));
    }
  }
}
