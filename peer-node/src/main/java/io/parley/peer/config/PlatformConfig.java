package io.parley.peer.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What vouches for a node's enclaves, as its configuration says. */
public sealed interface PlatformConfig {
  /** The kinds of evidence that nodes make. */
  List<String> KINDS = List.of("simulated", "tpm2", "sev-snp", "tdx");

  /** The kind of evidence. */
  String kind();

  /** A software key of the party's. */
  record Simulated() implements PlatformConfig {
    @Override
    public String kind() {
      return "simulated";
    }
  }

  /** That of the machine where the enclaves run, which is not this one. */
  record Elsewhere(String kind) implements PlatformConfig {}

  /** An emulated TPM for each enclave. */
  record EmulatedTpm() implements PlatformConfig {
    @Override
    public String kind() {
      return "tpm2";
    }
  }

  /**
   * The machine's TPM.
   *
   * @param device the kernel's, with a resource manager
   * @param certificates folder of those above the endorsement key's; null where there is none
   * @param collateral folder of their issuers' revocation lists; null where there is none
   */
  record TpmDevice(Path device, @Nullable Path certificates, @Nullable Path collateral)
      implements PlatformConfig {
    @Override
    public String kind() {
      return "tpm2";
    }
  }

  /**
   * A confidential VM: this node runs in it.
   *
   * @param kind sev-snp or tdx
   * @param folder of configfs-tsm
   * @param certificates folder of those that the report does not bring along; null where there is
   *     none
   * @param collateral folder of what the vendor publishes; null where there is none
   */
  record ConfidentialVm(
      String kind, Path folder, @Nullable Path certificates, @Nullable Path collateral)
      implements PlatformConfig {}
}
