package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.NitroPolicy;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.trust.Chains;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is wanted of an AWS Nitro enclave.
 *
 * @param pcrs by index
 * @param roots AWS's, or those in their place
 */
public record NitroCheck(
    SortedMap<Integer, Expected<ByteString>> pcrs, Expected<Boolean> debug, Set<Digest> roots)
    implements PlatformCheck {
  public NitroCheck {
    roots = Set.copyOf(roots);
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
  }

  static NitroCheck of(NitroPolicy policy, PolicySource source) {
    SortedMap<Integer, Expected<ByteString>> pcrs = new TreeMap<>();
    policy.pcrs().forEach((index, value) -> pcrs.put(index, source.expect("pcrs", value)));
    return new NitroCheck(
        pcrs,
        source.refused("debug", policy.debugAllowed()),
        Chains.rootsOr(policy.roots(), NitroVerifier.AWS));
  }

  /** No register is compared; enclaves in debug mode are refused all the same. */
  public static NitroCheck genuineOnly(String because) {
    SortedMap<Integer, Expected<ByteString>> pcrs = new TreeMap<>();
    for (int pcr : NitroPolicy.IMAGE_PCRS) {
      pcrs.put(pcr, new Expected.Unchecked<>(because));
    }
    return new NitroCheck(pcrs, PlatformCheck.refused(), Set.of(NitroVerifier.AWS));
  }

  @Override
  public String kind() {
    return NitroClaims.KIND;
  }

  /** Claim by claim. */
  public List<Comparison> compare(NitroClaims claims) {
    Comparisons all = new Comparisons();
    all.equal(
        Reason.EVIDENCE_DEBUG,
        "debug",
        debug,
        claims.debug(),
        "start the enclave without --debug-mode: the host can read its console");
    pcrs.forEach((index, expected) ->
        all.equal(
            Reason.EVIDENCE_PCR_WRONG,
            "pcrs." + index,
            expected,
            claims.pcrs().getOrDefault(index, ByteString.EMPTY),
            "start the enclave image that the parties signed"));
    return all.all();
  }
}
