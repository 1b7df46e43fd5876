package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.tpm2.AkBinding;
import io.parley.broker.evidence.tpm2.CredentialActivation;
import io.parley.broker.evidence.tpm2.Credentials;
import io.parley.broker.evidence.tpm2.TpmAnchor;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.tpm2.TpmQuote;
import io.parley.broker.evidence.tpm2.TpmQuoteParser;
import io.parley.broker.evidence.tpm2.TpmVerifier;
import io.parley.broker.evidence.trust.Hex;
import io.parley.evidence.Claims;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.TpmDocument;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Kind {@code tpm2}: a TPM vouches for the launch statement, and that what it says was measured
 * before. The answer to a credential is used up by asking, whatever comes of it. Thread-safe.
 */
final class TpmEvidence implements EvidenceVerifier {
  private static final HardwareKind<TpmPolicy, TpmDocument> KIND =
      new HardwareKind<>(
          TpmPolicy.KIND, TpmPolicy.class, 256 << 10, TpmDocument::parse, TpmDocument::launch);

  private final Credentials credentials;

  TpmEvidence(Credentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public String kind() {
    return KIND.kind();
  }

  @Override
  public Verification<VerifiedEvidence> verify(ParsedEvidence parsed, EvidenceContext context) {
    Claims claims = parsed.unverifiedClaims();
    return KIND.verify(
        parsed, context, (policy, document) -> verify(policy, document, claims.app(), context));
  }

  private Verification<TpmClaims> verify(
      TpmPolicy policy, TpmDocument document, @Nullable Digest app, EvidenceContext context) {
    TpmKey key = TpmKey.parseSized(document.akPublic());
    TpmQuote quote =
        new TpmQuoteParser()
            .parseStrictly(document.quote(), document.signature(), document.pcrs(), key);
    return anchor(policy, document, key, context)
        .then(trusted ->
            new TpmVerifier()
                .verify(
                    quote, trusted, new ExpectedReportData.Exactly(document.launch().quoteData())))
        .then(claims ->
            Verification.of(() -> {
              requireMeasured(document, claims.pcrs(), app);
              return claims;
            }));
  }

  private Verification<TpmAnchor> anchor(
      TpmPolicy policy, TpmDocument document, TpmKey key, EvidenceContext context) {
    return switch (document.credential()) {
      case TpmDocument.Credential.Answer(var id, var answer) -> {
        Optional<CredentialActivation> credential =
            credentials.take(id, context.jobId(), context.party().name());
        Verification<AkBinding> binding =
            credential
                .map(activation -> activation.answer(answer))
                .orElseGet(() ->
                    new Verification.Bad<>(
                        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
                        "credential",
                        "it was never given out for this job and party, was used before, or its"
                            + " time is up; ask for a new one",
                        "a credential that is open",
                        Hex.of(id)));
        yield binding.map(TpmAnchor.Activated::new);
      }
      case TpmDocument.Credential.None() ->
          new Verification.Genuine<>(
              policy.attestationKeys().contains(key.fingerprint())
                  ? new TpmAnchor.PinnedKey(key.fingerprint())
                  : new TpmAnchor.None());
    };
  }

  /**
   * Registers only grow: what was extended into them since they were zero leads to their values.
   */
  private static void requireMeasured(
      TpmDocument document, SortedMap<Integer, ByteString> quoted, @Nullable Digest app)
      throws NotGenuineException {
    List<MeasuredEvent> events = document.events();
    var replayed = MeasuredEvent.replay(events);
    for (int pcr : MeasuredEvent.PCRS) {
      NotGenuineException.requireEqual(
          Reason.EVIDENCE_PCR_WRONG,
          "events." + pcr,
          "the events do not lead to the quoted value of this register; send all since it was zero",
          text(quoted.get(pcr)),
          text(replayed.get(pcr)));
    }
    LaunchStatement launch = document.launch();
    requireEvent(events, MeasuredEvent.ofShim(launch.shim(), launch.isolation()), "shim");
    requireEvent(events, MeasuredEvent.ofApp(app), "app");
  }

  private static void requireEvent(List<MeasuredEvent> events, MeasuredEvent own, String what)
      throws NotGenuineException {
    if (!events.contains(own)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_PCR_WRONG,
          "events." + own.pcr(),
          "the TPM did not measure this enclave's " + what + " before it started",
          Hex.of(own.digest()),
          "%d other events".formatted(events.size()));
    }
  }

  private static String text(@Nullable ByteString value) {
    return value == null ? "not quoted" : Hex.of(value);
  }
}
