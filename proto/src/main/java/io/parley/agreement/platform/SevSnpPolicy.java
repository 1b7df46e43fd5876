package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.SortedMap;

/**
 * What is wanted of an AMD SEV-SNP guest and its machine. Lists are sorted. Immutable.
 *
 * @param families lines of processors, of {@link #FAMILIES}
 * @param vmpl privilege levels, 0 to 3
 * @param signers of {@link #SIGNERS}
 * @param roots by family, in place of AMD's; empty: AMD's
 */
public record SevSnpPolicy(
    List<String> families,
    List<ByteString> measurements,
    SnpMinimum minimumTcb,
    List<Integer> vmpl,
    List<String> signers,
    List<ByteString> hostData,
    boolean debugAllowed,
    boolean migrationAllowed,
    boolean revocationRequired,
    SortedMap<String, Digest> roots)
    implements PlatformPolicy {
  /** The kind of evidence. */
  public static final String KIND = "sev-snp";

  /** The one whose TCB has a version of the FMC. */
  static final String TURIN = "turin";

  public static final List<String> FAMILIES = List.of("milan", "genoa", TURIN);
  public static final List<String> SIGNERS = List.of("vcek", "vlek");
  public static final int MEASUREMENT_BYTES = 48;
  public static final int HOST_DATA_BYTES = 32;

  /** What must be where nothing else is written. */
  public static final List<Integer> STRICT_VMPL = List.of(0);

  public static final List<String> STRICT_SIGNERS = List.of("vcek");
  public static final List<ByteString> STRICT_HOST_DATA =
      List.of(ByteString.copyFrom(new byte[HOST_DATA_BYTES]));

  static final int VMPL_MAX = 3;

  /**
   * @throws RefusedException INVALID_AGREEMENT that lists every problem
   */
  public SevSnpPolicy {
    families = PolicyRules.sorted(families);
    measurements = PolicyRules.sortedBytes(measurements);
    vmpl = PolicyRules.sorted(vmpl);
    signers = PolicyRules.sorted(signers);
    hostData = PolicyRules.sortedBytes(hostData);
    roots = PolicyRules.sorted(roots);
    PolicyRules rules = PolicyRules.ofRecord();
    rules.words("families", families, FAMILIES);
    rules.bytes("measurements", measurements, MEASUREMENT_BYTES);
    rules.minimum("minimum_tcb", minimumTcb, families);
    rules.some("vmpl", vmpl);
    vmpl.forEach(level -> rules.range("vmpl", level, VMPL_MAX));
    rules.words("signers", signers, SIGNERS);
    rules.bytes("host_data", hostData, HOST_DATA_BYTES);
    rules.roots(roots);
    roots.keySet().forEach(family -> rules.word("roots." + family, family, FAMILIES));
    rules.throwIfAny(KIND);
  }

  @Override
  public String kind() {
    return KIND;
  }
}
