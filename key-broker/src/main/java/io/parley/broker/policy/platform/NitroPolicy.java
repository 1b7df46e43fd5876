package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.nitro.NitroVerifier;
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
public record NitroPolicy(
    SortedMap<Integer, Expected<ByteString>> pcrs, Expected<Boolean> debug, Set<Digest> roots)
    implements PlatformPolicy {
  public NitroPolicy {
    roots = Set.copyOf(roots);
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
  }

  /** No register is compared; enclaves in debug mode are refused all the same. */
  public static NitroPolicy genuineOnly(String because) {
    SortedMap<Integer, Expected<ByteString>> pcrs = new TreeMap<>();
    for (int pcr : PolicyYaml.NITRO_IMAGE_PCRS) {
      pcrs.put(pcr, new Expected.Unchecked<>(because));
    }
    return new NitroPolicy(pcrs, PlatformPolicy.refused(), Set.of(NitroVerifier.AWS));
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
