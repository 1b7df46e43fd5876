package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an AMD SEV-SNP machine vouches for.
 *
 * @param product the line of processors, lower case
 * @param signer whose key signed: {@code vcek} is the chip's, {@code vlek} a cloud operator's
 * @param vmpl privilege level inside the guest that asked; 0 is the highest
 * @param debug whether the host may read and write the guest's memory
 * @param migratable whether an agent may move the guest to another machine
 * @param policy all bits of the guest policy
 * @param tcb what the report says of the machine, and its certificate too
 * @param chipId of the machine; zeros when it hides it
 */
public record SnpClaims(
    String product,
    String signer,
    int reportVersion,
    long vmpl,
    boolean debug,
    boolean migratable,
    long policy,
    long platformInfo,
    long guestSvn,
    Tcb tcb,
    ByteString measurement,
    ByteString reportData,
    ByteString hostData,
    ByteString familyId,
    ByteString imageId,
    ByteString idKeyDigest,
    ByteString authorKeyDigest,
    ByteString reportId,
    ByteString chipId,
    Revocation revocation)
    implements PlatformClaims {
  /** Kind of evidence, as an agreement names it. */
  public static final String KIND = "sev-snp";

  /**
   * Security versions of the parts that everything rests on. Each is compared by itself.
   *
   * @param fmc first mutable code; only Turin and later have it, 0 elsewhere
   */
  public record Tcb(int fmc, int bootloader, int tee, int snp, int microcode) {
    /** Whether no part is older than that one's. */
    public boolean atLeast(Tcb least) {
      return fmc >= least.fmc
          && bootloader >= least.bootloader
          && tee >= least.tee
          && snp >= least.snp
          && microcode >= least.microcode;
    }

    @Override
    public String toString() {
      return "fmc %d, bootloader %d, tee %d, snp %d, microcode %d"
          .formatted(fmc, bootloader, tee, snp, microcode);
    }

    /** By part. */
    public Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("fmc", fmc);
      fields.put("bootloader", bootloader);
      fields.put("tee", tee);
      fields.put("snp", snp);
      fields.put("microcode", microcode);
      return fields;
    }
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("product", product);
    fields.put("signer", signer);
    fields.put("report_version", reportVersion);
    fields.put("vmpl", vmpl);
    fields.put("debug", debug);
    fields.put("migratable", migratable);
    fields.put("policy", "%016x".formatted(policy));
    fields.put("platform_info", "%016x".formatted(platformInfo));
    fields.put("guest_svn", guestSvn);
    fields.put("tcb", tcb.fields());
    fields.put("measurement", Hex.of(measurement));
    fields.put("report_data", Hex.of(reportData));
    fields.put("host_data", Hex.of(hostData));
    fields.put("family_id", Hex.of(familyId));
    fields.put("image_id", Hex.of(imageId));
    fields.put("id_key_digest", Hex.of(idKeyDigest));
    fields.put("author_key_digest", Hex.of(authorKeyDigest));
    fields.put("report_id", Hex.of(reportId));
    fields.put("chip_id", Hex.of(chipId));
    fields.put("revocation", revocation.name());
    return fields;
  }
}
