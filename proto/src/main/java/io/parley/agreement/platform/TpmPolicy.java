package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.SortedMap;

/**
 * What is wanted of a machine with a TPM 2.0. Lists are sorted. Immutable.
 *
 * @param pcrs by index, of the bank sha256
 * @param attestationKeys that are trusted by name: SHA-256 over the SubjectPublicKeyInfo
 * @param roots of TPM vendors, by name; there are many vendors, so there is no default
 * @param emulators models of emulated TPMs that are accepted, of {@link #EMULATORS}
 * @param revocationRequired whether the issuers' revocation lists must be there; an emulated TPM
 *     has none
 * @param alsoQuoted of {@link #RESETTABLE}: a quote may be over these too, whatever they hold
 */
public record TpmPolicy(
    SortedMap<Integer, ByteString> pcrs,
    List<Digest> attestationKeys,
    SortedMap<String, Digest> roots,
    List<String> emulators,
    boolean revocationRequired,
    List<Integer> alsoQuoted)
    implements PlatformPolicy {
  /** The kind of evidence. */
  public static final String KIND = "tpm2";

  /** Emulated TPMs that certificates are known to name. */
  public static final List<String> EMULATORS = List.of("swtpm");

  /** Registers that anyone on the machine may reset, so that their values say nothing. */
  public static final List<Integer> RESETTABLE = List.of(16, 23);

  public static final int PCR_BYTES = 32;
  public static final int PCRS = 24;

  /** What vouches for a key that is trusted by name, so no root can be called that. */
  public static final String PINNED_KEY = "pinned-key";

  /** With the strict values of the rest. */
  public TpmPolicy(
      SortedMap<Integer, ByteString> pcrs,
      List<Digest> attestationKeys,
      SortedMap<String, Digest> roots,
      List<String> emulators) {
    this(pcrs, attestationKeys, roots, emulators, true, List.of());
  }

  /**
   * @throws RefusedException INVALID_AGREEMENT that lists every problem
   */
  public TpmPolicy {
    pcrs = PolicyRules.sorted(pcrs);
    attestationKeys = PolicyRules.sortedDigests(attestationKeys);
    roots = PolicyRules.sorted(roots);
    emulators = PolicyRules.sorted(emulators);
    alsoQuoted = PolicyRules.sorted(alsoQuoted);
    PolicyRules rules = PolicyRules.ofRecord();
    rules.tpmPcrs(pcrs);
    rules.tpmTrust(attestationKeys, roots);
    rules.emulators(emulators);
    rules.tpmAlsoQuoted(alsoQuoted);
    rules.throwIfAny(KIND);
  }

  @Override
  public String kind() {
    return KIND;
  }
}
