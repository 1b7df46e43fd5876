package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.platform.PlatformYaml;
import io.parley.proto.broker.v1.EnclaveRecord;
import io.parley.proto.broker.v1.Receipt;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nobody takes what is simulated or emulated for hardware. */
final class StampsTest {
  @Test
  void emulationIsSaidWhereverEvidenceIsNamed() {
    assertThat(Stamps.kind("simulated", "")).startsWith("SIMULATED (protects against nobody");
    assertThat(Stamps.kind("tpm2", "swtpm")).startsWith("EMULATED TPM (swtpm) (protects against");
    assertThat(Stamps.kind("tpm2", "unknown")).contains("TRUSTED BY NAME");
    assertThat(Stamps.kind("tpm2", "")).isEqualTo("tpm2");
    assertThat(Stamps.kind("sev-snp", "")).isEqualTo("sev-snp");
    assertThat(Stamps.kind("tpm2")).contains("EMULATED");
    assertThat(Stamps.kind("tdx")).isEqualTo("tdx");
  }

  @Test
  void oneEmulatedEnclaveOfAJobIsEnough() {
    assertThat(Stamps.notices(receipt("sev-snp", "", "tpm2", "swtpm")))
        .containsExactly("EMULATED TPM (swtpm): this run protects against nobody who owns a host.");
    assertThat(Stamps.notices(receipt("simulated", "", "simulated", "")))
        .containsExactly(Stamps.SIMULATED);
    assertThat(Stamps.notices(receipt("tpm2", "unknown", "tpm2", ""))).hasSize(1);
    assertThat(Stamps.notices(receipt("sev-snp", "", "tpm2", ""))).isEmpty();
    assertThat(Stamps.notices("tpm2")).hasSize(1);
    assertThat(Stamps.notices("tdx")).isEmpty();
  }

  @Test
  void whoeverSignsIsToldWhatIsWeak() {
    String m48 = "ab".repeat(48);
    String digest = "\"sha256:" + "ab".repeat(32) + '"';
    warned(
        "kind: tpm2\npcrs: {7: %s}\nroots: {v: %s}\nemulators: [swtpm]"
            .formatted("ab".repeat(32), digest),
        "EMULATED TPM (swtpm), which protects against nobody");
    warned(
        "kind: tpm2\npcrs: {7: %s}\nattestation_keys: [%s]".formatted("ab".repeat(32), digest),
        "TPM keys by name");
    warned(
        """
        kind: sev-snp
        families: [milan]
        measurements: [%s]
        minimum_tcb: {bootloader: 3, tee: 0, snp: 8, microcode: 115}
        debug: allowed
        migration: allowed
        revocation: not_required
        """
            .formatted(m48),
        "sev-snp guests in DEBUG mode",
        "an agent may move",
        "without AMD's revocation list");
    warned(
        "kind: nitro\npcrs: {0: %s, 1: %s, 2: %s}\ndebug: allowed".formatted(m48, m48, m48),
        "nitro guests in DEBUG mode");
    warned("kind: nitro\npcrs: {0: %s, 1: %s, 2: %s}".formatted(m48, m48, m48));
  }

  private static void warned(String policy, String... warnings) {
    List<String> said = Stamps.warnings(PlatformYaml.parse(policy, "policy").policy());
    assertThat(said).hasSize(warnings.length);
    for (String warning : warnings) {
      assertThat(said).anyMatch(each -> each.contains(warning));
    }
  }

  private static Receipt receipt(String kind, String emulator, String other, String others) {
    return Receipt.newBuilder()
        .addEnclaves(EnclaveRecord.newBuilder().setEvidenceKind(kind).setEmulator(emulator))
        .addEnclaves(EnclaveRecord.newBuilder().setEvidenceKind(other).setEmulator(others))
        .build();
  }
}
