package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.collateral.Collateral;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.tpm2.CredentialActivation;
import io.parley.broker.evidence.tpm2.Credentials;
import io.parley.broker.evidence.tpm2.EkCertificate;
import io.parley.broker.evidence.tpm2.EkRevocation;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.policy.JobContext;
import io.parley.evidence.HardwareDocument;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes credentials for TPMs whose endorsement keys lead to a root that a job's agreement names.
 * Thread-safe.
 */
public final class TpmCredentials {
  /** Most certificates from an endorsement key to its root. */
  static final int MAX_CHAIN = 8;

  private static final int MAX_KEY_BYTES = 1024;

  private final Credentials out;
  private final CollateralSource own;
  private final KnownSignatures known;
  private final SecureRandom random;
  private final InstantSource clock;

  /**
   * @param own issuers, and revocation lists, that TPMs do not send along
   */
  public TpmCredentials(
      Credentials out,
      CollateralSource own,
      KnownSignatures known,
      SecureRandom random,
      InstantSource clock) {
    this.out = out;
    this.own = own;
    this.known = known;
    this.random = random;
    this.clock = clock;
  }

  /**
   * Makes one, for one answer.
   *
   * @throws RefusedException INVALID_EVIDENCE, TOO_MANY
   */
  Verification<GivenCredential> give(JobContext context, String party, CredentialWish wish) {
    @Nullable PlatformPolicy policy =
        context.agreement().environment().platform(TpmPolicy.KIND).orElse(null);
    if (!(policy instanceof TpmPolicy tpm) || tpm.roots().isEmpty()) {
      return new Verification.Bad<>(
          Reason.EVIDENCE_KIND_NOT_ALLOWED,
          "kind",
          "the agreement names no root of a TPM's vendor, so no credential binds a key",
          "roots in environment.tpm2",
          "none");
    }
    ByteString attestationKey = wish.attestationKey();
    if (attestationKey.size() > MAX_KEY_BYTES) {
      throw wrong(
          "ak_public", "has %d bytes, at most %d".formatted(attestationKey.size(), MAX_KEY_BYTES));
    }
    TpmKey key = TpmKey.parseSized(attestationKey);
    return switch (endorsement(tpm, wish)) {
      case Verification.Genuine<EkCertificate>(EkCertificate endorsement) ->
          CredentialActivation.challenge(endorsement, key, random)
              .map(activation -> keep(context.job().jobId(), party, activation));
      case Verification.Bad<EkCertificate>(
              var reason,
              var claim,
              var advice,
              var expected,
              var seen) ->
          new Verification.Bad<>(reason, claim, advice, expected, seen);
      case Verification.Unchecked<EkCertificate>(var reason, var why) ->
          new Verification.Unchecked<>(reason, why);
    };
  }

  private GivenCredential keep(String jobId, String party, CredentialActivation activation) {
    return new GivenCredential(
        out.keep(jobId, party, activation),
        activation.credentialBlob(),
        activation.encryptedSecret(),
        out.validFor());
  }

  private Verification<EkCertificate> endorsement(TpmPolicy policy, CredentialWish wish) {
    List<X509Certificate> came = chain(wish.chain());
    Collateral atHand = collateral(wish.collateral()).and(own.current());
    // From the leaf to a root: as it came, and the issuers that are at hand.
    List<X509Certificate> leafToRoot = Chains.complete(came, atHand.certificates());
    return EkCertificate.verify(
        leafToRoot,
        names(policy),
        new EkRevocation(atHand.lists(), policy.revocationRequired()),
        clock.instant(),
        known);
  }

  private static List<X509Certificate> chain(List<ByteString> der) {
    if (der.isEmpty() || der.size() > MAX_CHAIN) {
      throw wrong("ek_certificates", "are %d, expected 1 to %d".formatted(der.size(), MAX_CHAIN));
    }
    List<X509Certificate> came = new ArrayList<>();
    der.forEach(each -> came.add(Certificates.parse("EK", each)));
    return came;
  }

  private static Collateral collateral(List<ByteString> pieces) {
    if (pieces.size() > HardwareDocument.MAX_PARTS) {
      throw wrong(
          "collateral",
          "are %d pieces, at most %d".formatted(pieces.size(), HardwareDocument.MAX_PARTS));
    }
    for (ByteString piece : pieces) {
      if (piece.size() > HardwareDocument.MAX_COLLATERAL_BYTES) {
        throw wrong(
            "collateral",
            "has a piece of %d bytes, at most %d"
                .formatted(piece.size(), HardwareDocument.MAX_COLLATERAL_BYTES));
      }
    }
    return Collateral.read("EK", pieces);
  }

  private static Map<Digest, String> names(TpmPolicy policy) {
    Map<Digest, String> names = new HashMap<>();
    policy.roots().forEach((name, root) -> names.put(root, name));
    return names;
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "credential: %s %s".formatted(field, problem),
        Map.of("field", field));
  }
}
