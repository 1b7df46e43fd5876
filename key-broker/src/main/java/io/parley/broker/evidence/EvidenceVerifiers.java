package io.parley.broker.evidence;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.tpm2.Credentials;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.evidence.Evidence;
import io.parley.wire.Reason;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One verifier per kind that this broker accepts. Thread-safe. */
public final class EvidenceVerifiers {
  private static final Set<String> KNOWN =
      Stream.concat(Stream.of(Evidence.SIMULATED), PlatformPolicy.KINDS.stream())
          .collect(Collectors.toUnmodifiableSet());

  private final Map<String, EvidenceVerifier> accepted;

  /**
   * @param kinds what this broker accepts; all must be {@link #known()}
   * @param own what this broker itself has of vendors
   * @param credentials that TPMs answer
   * @param clock trusted: certificates and collateral are valid by it
   */
  public EvidenceVerifiers(
      Set<String> kinds,
      CollateralSource own,
      Credentials credentials,
      KnownSignatures signatures,
      InstantSource clock) {
    if (kinds.isEmpty() || !known().containsAll(kinds)) {
      throw new IllegalArgumentException(
          "evidence kinds %s are not all of %s".formatted(kinds, known()));
    }
    this.accepted =
        List.of(
                new SimulatedVerifier(),
                new SnpEvidence(own, signatures, clock),
                new TdxEvidence(own, signatures, clock),
                new NitroEvidence(signatures, clock),
                new TpmEvidence(credentials))
            .stream()
            .filter(verifier -> kinds.contains(verifier.kind()))
            .collect(Collectors.toUnmodifiableMap(EvidenceVerifier::kind, Function.identity()));
  }

  /** Kinds that this version can verify. */
  public static Set<String> known() {
    return KNOWN;
  }

  /** Whether this broker accepts the kind. */
  public boolean accepts(String kind) {
    return accepted.containsKey(kind);
  }

  /** Checks with the verifier of the evidence's own kind. */
  public Verification<VerifiedEvidence> verify(ParsedEvidence evidence, EvidenceContext context) {
    EvidenceVerifier verifier = accepted.get(evidence.evidence().kind());
    return verifier == null
        ? new Verification.Unchecked<>(
            Reason.EVIDENCE_KIND_NOT_ALLOWED,
            "this broker does not accept this kind of evidence, only %s"
                .formatted(String.join(", ", accepted.keySet().stream().sorted().toList())))
        : verifier.verify(evidence, context);
  }
}
