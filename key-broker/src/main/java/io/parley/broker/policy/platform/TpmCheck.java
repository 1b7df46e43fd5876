package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.TpmClaims;
import io.parley.evidence.MeasuredEvent;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is wanted of a machine with a TPM 2.0.
 *
 * @param selection which PCRs must be quoted, no fewer, and no more but those of {@code alsoQuoted}
 * @param alsoQuoted which PCRs may be quoted too, whatever they hold
 * @param pcrs by index
 * @param anchors what may bind the key to a TPM: names of roots, or "pinned-key"
 * @param emulators what emulation it may be; "none" is a TPM that its vendor made
 * @param roots name of each by its fingerprint
 * @param attestationKeys that the parties trust by name
 */
public record TpmCheck(
    Expected<String> anchors,
    Expected<String> emulators,
    Map<Digest, String> roots,
    Expected<Set<Integer>> selection,
    List<Integer> alsoQuoted,
    SortedMap<Integer, Expected<ByteString>> pcrs,
    List<Digest> attestationKeys)
    implements PlatformCheck {
  private static final String NOT_EMULATED = "none";

  public TpmCheck {
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
    roots = Map.copyOf(roots);
    attestationKeys = List.copyOf(attestationKeys);
    alsoQuoted = List.copyOf(alsoQuoted);
  }

  static TpmCheck of(TpmPolicy policy, PolicySource source) {
    return of(policy, source, policy.pcrs().keySet());
  }

  /** For an enclave's quote, which is over what its launcher measured too. */
  public static TpmCheck ofEnclave(TpmPolicy policy, PolicySource source) {
    Set<Integer> selection = new TreeSet<>(policy.pcrs().keySet());
    selection.addAll(MeasuredEvent.PCRS);
    return of(policy, source, selection);
  }

  private static TpmCheck of(TpmPolicy policy, PolicySource source, Set<Integer> selection) {
    List<String> anchors = new ArrayList<>(policy.roots().keySet());
    if (!policy.attestationKeys().isEmpty()) {
      anchors.add(TpmPolicy.PINNED_KEY);
    }
    List<String> emulators = new ArrayList<>(List.of(NOT_EMULATED));
    emulators.addAll(policy.emulators());
    if (!policy.attestationKeys().isEmpty()) {
      // The parties know the TPM behind a key that they name.
      emulators.add(TpmClaims.UNKNOWN);
    }
    Map<Digest, String> roots = new HashMap<>();
    policy.roots().forEach((name, root) -> roots.put(root, name));
    SortedMap<Integer, Expected<ByteString>> pcrs = new TreeMap<>();
    policy.pcrs().forEach((index, value) -> pcrs.put(index, source.expect("pcrs", value)));
    return new TpmCheck(
        source.expect("roots", anchors),
        source.expect("emulators", emulators),
        roots,
        source.expect("pcrs", (Set<Integer>) new TreeSet<>(selection)),
        policy.alsoQuoted(),
        pcrs,
        policy.attestationKeys());
  }

  /** No register is compared, and no key is trusted by name. */
  public static TpmCheck genuineOnly(String because) {
    return new TpmCheck(
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        Map.of(),
        new Expected.Unchecked<>(because),
        List.of(),
        new TreeMap<>(),
        List.of());
  }

  @Override
  public String kind() {
    return TpmClaims.KIND;
  }

  /** Claim by claim. */
  public List<Comparison> compare(TpmClaims claims) {
    Comparisons all = new Comparisons();
    all.equal(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        "anchor",
        anchors,
        claims.anchor(),
        "use a TPM of a vendor that is named, or a key that is");
    all.equal(
        Reason.EVIDENCE_EMULATED,
        "emulator",
        emulators,
        claims.emulator().isEmpty() ? NOT_EMULATED : claims.emulator(),
        "use a TPM of hardware, or let the agreement name this emulation");
    all.that(
        Reason.EVIDENCE_PCR_WRONG,
        "pcr_selection",
        selection,
        claims.pcrs().keySet(),
        this::isSelected,
        alsoQuoted.isEmpty() ? "" : "beside any of %s exactly ".formatted(alsoQuoted),
        "quote the registers that the parties signed");
    pcrs.forEach((index, expected) ->
        all.equal(
            Reason.EVIDENCE_PCR_WRONG,
            "pcrs." + index,
            expected,
            claims.pcrs().getOrDefault(index, ByteString.EMPTY),
            "start the machine with what the parties signed"));
    return all.all();
  }

  private boolean isSelected(Set<Integer> wanted, Set<Integer> quoted) {
    Set<Integer> compared = new TreeSet<>(quoted);
    compared.removeIf(pcr -> alsoQuoted.contains(pcr) && !wanted.contains(pcr));
    return compared.equals(wanted);
  }
}
