package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.SortedMap;

/**
 * What is wanted of an AWS Nitro enclave. Immutable.
 *
 * @param pcrs by index; those of the image must be there
 * @param roots by name, in place of AWS's; empty: AWS's
 */
public record NitroPolicy(
    SortedMap<Integer, ByteString> pcrs, boolean debugAllowed, SortedMap<String, Digest> roots)
    implements PlatformPolicy {
  /** The kind of evidence. */
  public static final String KIND = "nitro";

  /** The registers of an enclave's image. */
  public static final List<Integer> IMAGE_PCRS = List.of(0, 1, 2);

  public static final int PCR_BYTES = 48;
  public static final int PCRS = 32;

  /**
   * @throws RefusedException INVALID_AGREEMENT that lists every problem
   */
  public NitroPolicy {
    pcrs = PolicyRules.sorted(pcrs);
    roots = PolicyRules.sorted(roots);
    PolicyRules rules = PolicyRules.ofRecord();
    rules.nitroPcrs(pcrs);
    rules.roots(roots);
    rules.throwIfAny(KIND);
  }

  @Override
  public String kind() {
    return KIND;
  }
}
