package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.evidence.LaunchStatement;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Optional;
import java.util.function.Function;

/**
 * What evidence of all kinds of hardware has in common: the agreement has a policy for the kind,
 * the document is small enough and can be read, and its launch statement is about these claims.
 * What vouches for the statement is each kind's own.
 *
 * @param <P> the kind's policy
 * @param <D> the kind's document
 * @param sizeBytesMax of the document
 * @param launch the statement in a document
 */
record HardwareKind<P extends PlatformPolicy, D>(
    String kind,
    Class<P> policy,
    int sizeBytesMax,
    Function<ByteString, D> parse,
    Function<D, LaunchStatement> launch) {
  /**
   * How the platform of one kind is asked.
   *
   * @param <P> the kind's policy
   * @param <D> the kind's document
   */
  @FunctionalInterface
  interface Platform<P, D> {
    /**
     * Checks that the platform vouches for the document's launch statement.
     *
     * @throws RefusedException INVALID_EVIDENCE when what is in the document cannot be read
     */
    Verification<? extends PlatformClaims> verify(P policy, D document);
  }

  Verification<VerifiedEvidence> verify(
      ParsedEvidence parsed, EvidenceContext context, Platform<P, D> platform) {
    Optional<P> wanted =
        context
            .agreement()
            .environment()
            .platform(kind)
            .filter(policy::isInstance)
            .map(policy::cast);
    if (wanted.isEmpty()) {
      // Roots are the agreement's to replace: without it there is nothing to check with.
      return new Verification.Bad<>(
          Reason.EVIDENCE_KIND_NOT_ALLOWED,
          "kind",
          "the agreement does not accept this kind of evidence; run the enclave on a platform that"
              + " it names",
          context.agreement().environment().evidence().toString(),
          kind);
    }
    ByteString bytes = parsed.evidence().document();
    if (bytes.size() > sizeBytesMax) {
      return unreadable(
          Reason.INVALID_EVIDENCE,
          "it has %d bytes; at most %d".formatted(bytes.size(), sizeBytesMax));
    }
    try {
      return verify(parsed, parse.apply(bytes), wanted.get(), platform);
    } catch (RefusedException e) {
      return unreadable(e.reason(), String.valueOf(e.getMessage()));
    }
  }

  private Verification<VerifiedEvidence> verify(
      ParsedEvidence parsed, D document, P wanted, Platform<P, D> platform) {
    LaunchStatement statement = launch.apply(document);
    if (!statement.reportData().equals(parsed.evidence().reportData())) {
      return new Verification.Bad<>(
          Reason.EVIDENCE_REPORT_DATA_WRONG,
          "report_data",
          "the launch statement is about other claims than these; ask the platform again",
          parsed.evidence().reportData().toString(),
          statement.reportData().toString());
    }
    return platform
        .verify(wanted, document)
        .map(claims ->
            new VerifiedEvidence(parsed.evidence(), parsed.unverifiedClaims(), statement, claims));
  }

  private Verification<VerifiedEvidence> unreadable(Reason reason, String problem) {
    return new Verification.Bad<>(
        reason,
        "document",
        "the document cannot be read: " + problem,
        "a document of " + kind,
        "something else");
  }
}
