package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.SortedMap;

/**
 * What is wanted of an Intel TDX guest and its machine. Lists are sorted, but for {@code rtmrs}.
 * Immutable.
 *
 * @param rtmrs one for each of the four, by index
 * @param minimumTcbEvaluation the least number of Intel's evaluation data
 * @param tcbStatus of {@link #STATUSES}
 * @param advisories those of the machine must be among these
 * @param roots by name, in place of Intel's; empty: Intel's
 */
public record TdxPolicy(
    List<ByteString> mrTd,
    List<ByteString> rtmrs,
    int minimumTcbEvaluation,
    List<String> tcbStatus,
    List<String> advisories,
    List<ByteString> mrConfigId,
    List<ByteString> mrOwner,
    List<ByteString> mrOwnerConfig,
    boolean debugAllowed,
    SortedMap<String, Digest> roots)
    implements PlatformPolicy {
  /** The kind of evidence. */
  public static final String KIND = "tdx";

  /** Intel's words that can be allowed; Revoked cannot. */
  public static final List<String> STATUSES =
      List.of(
          "UpToDate",
          "SWHardeningNeeded",
          "ConfigurationNeeded",
          "ConfigurationAndSWHardeningNeeded",
          "OutOfDate",
          "OutOfDateConfigurationNeeded");

  /** How many runtime measurements a TD has. */
  public static final int RTMRS = 4;

  public static final int MEASUREMENT_BYTES = 48;

  /** What must be where nothing else is written. */
  public static final List<String> STRICT_STATUS = List.of("UpToDate");

  public static final List<ByteString> STRICT_VALUE =
      List.of(ByteString.copyFrom(new byte[MEASUREMENT_BYTES]));

  static final int EVALUATION_MAX = 9999;

  /**
   * @throws RefusedException INVALID_AGREEMENT that lists every problem
   */
  public TdxPolicy {
    mrTd = PolicyRules.sortedBytes(mrTd);
    rtmrs = List.copyOf(rtmrs);
    tcbStatus = PolicyRules.sorted(tcbStatus);
    advisories = PolicyRules.sorted(advisories);
    mrConfigId = PolicyRules.sortedBytes(mrConfigId);
    mrOwner = PolicyRules.sortedBytes(mrOwner);
    mrOwnerConfig = PolicyRules.sortedBytes(mrOwnerConfig);
    roots = PolicyRules.sorted(roots);
    PolicyRules rules = PolicyRules.ofRecord();
    rules.bytes("mr_td", mrTd, MEASUREMENT_BYTES);
    rules.count("rtmrs", rtmrs.size(), RTMRS, RTMRS);
    rtmrs.forEach(rtmr -> rules.size("rtmrs", rtmr, MEASUREMENT_BYTES));
    rules.range("minimum_tcb_evaluation", minimumTcbEvaluation, EVALUATION_MAX);
    rules.words("tcb_status", tcbStatus, STATUSES);
    rules.advisories("advisories", advisories);
    rules.bytes("mr_config_id", mrConfigId, MEASUREMENT_BYTES);
    rules.bytes("mr_owner", mrOwner, MEASUREMENT_BYTES);
    rules.bytes("mr_owner_config", mrOwnerConfig, MEASUREMENT_BYTES);
    rules.roots(roots);
    rules.throwIfAny(KIND);
  }

  @Override
  public String kind() {
    return KIND;
  }
}
