package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.tdx.TdxVerifier;
import io.parley.broker.evidence.trust.Chains;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is wanted of an Intel TDX guest and its machine.
 *
 * @param rtmrs one for each of the four
 * @param roots Intel's, or those in their place
 */
public record TdxCheck(
    TcbCheck tcb,
    Expected<ByteString> mrTd,
    List<Expected<ByteString>> rtmrs,
    Expected<ByteString> mrConfigId,
    Expected<ByteString> mrOwner,
    Expected<ByteString> mrOwnerConfig,
    Expected<Boolean> debug,
    Set<Digest> roots)
    implements PlatformCheck {
  /** How many runtime measurements a TD has. */
  static final int RTMRS = TdxPolicy.RTMRS;

  public TdxCheck {
    rtmrs = List.copyOf(rtmrs);
    roots = Set.copyOf(roots);
    if (rtmrs.size() != RTMRS) {
      throw new IllegalArgumentException("a TD has %d RTMRs".formatted(RTMRS));
    }
  }

  static TdxCheck of(TdxPolicy policy, PolicySource source) {
    List<Expected<ByteString>> rtmrs = new ArrayList<>();
    policy.rtmrs().forEach(rtmr -> rtmrs.add(source.expect("rtmrs", rtmr)));
    return new TdxCheck(
        new TcbCheck(
            source.expect(
                "tcb_status",
                policy.tcbStatus().stream()
                    .flatMap(text -> TcbStatus.parse(text).stream())
                    .toList()),
            source.expect("advisories", Set.<String>copyOf(policy.advisories())),
            source.expect("minimum_tcb_evaluation", policy.minimumTcbEvaluation())),
        source.expect("mr_td", policy.mrTd()),
        rtmrs,
        source.expect("mr_config_id", policy.mrConfigId()),
        source.expect("mr_owner", policy.mrOwner()),
        source.expect("mr_owner_config", policy.mrOwnerConfig()),
        source.refused("debug", policy.debugAllowed()),
        Chains.rootsOr(policy.roots(), TdxVerifier.INTEL));
  }

  /**
   * Nothing that hangs on the agreement is compared; open guests are refused all the same, and old
   * machines too once collateral tells.
   */
  public static TdxCheck genuineOnly(String because, boolean collateral) {
    List<Expected<ByteString>> rtmrs = new ArrayList<>();
    for (int i = 0; i < RTMRS; i++) {
      rtmrs.add(new Expected.Unchecked<>(because));
    }
    return new TdxCheck(
        TcbCheck.genuineOnly(because, collateral),
        new Expected.Unchecked<>(because),
        rtmrs,
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        PlatformCheck.refused(),
        Set.of(TdxVerifier.INTEL));
  }

  @Override
  public String kind() {
    return TdxClaims.KIND;
  }

  /** Claim by claim. */
  public List<Comparison> compare(TdxClaims claims) {
    Comparisons all = new Comparisons();
    all.equal(
        Reason.EVIDENCE_DEBUG,
        "debug",
        debug,
        claims.debug(),
        "start the TD without debugging: the host can read its memory");
    all.equal(
        Reason.EVIDENCE_MIGRATABLE,
        "migratable",
        PlatformCheck.refused(),
        claims.migratable(),
        "start the TD without migration: another TD gets the key of its memory");
    tcb.compare(all, claims.tcb());
    measurement(all, "mr_td", mrTd, claims.body().mrTd());
    for (int i = 0; i < RTMRS; i++) {
      measurement(all, "rtmr" + i, rtmrs.get(i), claims.body().rtmrs().get(i));
    }
    measurement(all, "mr_config_id", mrConfigId, claims.body().mrConfigId());
    measurement(all, "mr_owner", mrOwner, claims.body().mrOwner());
    measurement(all, "mr_owner_config", mrOwnerConfig, claims.body().mrOwnerConfig());
    return all.all();
  }

  private static void measurement(
      Comparisons all, String claim, Expected<ByteString> expected, ByteString seen) {
    all.equal(
        Reason.EVIDENCE_MEASUREMENT_WRONG,
        claim,
        expected,
        seen,
        "start the image and configuration that the parties signed");
  }
}
