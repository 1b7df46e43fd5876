package io.parley.broker.evidence;

import io.parley.agreement.Party;
import io.parley.wire.Reason;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** One verifier per kind that this broker accepts. Thread-safe. */
public final class EvidenceVerifiers {
  private static final Map<String, EvidenceVerifier> KNOWN =
      Set.<EvidenceVerifier>of(new SimulatedVerifier()).stream()
          .collect(Collectors.toUnmodifiableMap(EvidenceVerifier::kind, Function.identity()));

  private final Map<String, EvidenceVerifier> accepted;

  /**
   * @param kinds what this broker accepts; all must be {@link #known()}
   */
  public EvidenceVerifiers(Set<String> kinds) {
    if (kinds.isEmpty() || !known().containsAll(kinds)) {
      throw new IllegalArgumentException(
          "evidence kinds %s are not all of %s".formatted(kinds, known()));
    }
    this.accepted =
        kinds.stream()
            .map(kind -> java.util.Objects.requireNonNull(KNOWN.get(kind)))
            .collect(Collectors.toUnmodifiableMap(EvidenceVerifier::kind, Function.identity()));
  }

  /** Kinds that this version can verify. */
  public static Set<String> known() {
    return KNOWN.keySet();
  }

  /** Checks with the verifier of the evidence's own kind. */
  public Verification<VerifiedEvidence> verify(ParsedEvidence evidence, Party party) {
    EvidenceVerifier verifier = accepted.get(evidence.evidence().kind());
    return verifier == null
        ? new Verification.Unchecked<>(
            Reason.EVIDENCE_KIND_NOT_ALLOWED,
            "this broker does not accept this kind of evidence, only %s"
                .formatted(String.join(", ", accepted.keySet())))
        : verifier.verify(evidence, party);
  }
}
