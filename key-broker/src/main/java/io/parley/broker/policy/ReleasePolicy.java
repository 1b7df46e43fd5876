package io.parley.broker.policy;

import io.parley.agreement.Agreement;
import io.parley.agreement.Environment;
import io.parley.broker.evidence.VerifiedEvidence;
import io.parley.broker.policy.platform.Comparison.Outcome;
import io.parley.broker.policy.platform.PlatformCheck;
import io.parley.broker.policy.platform.PolicySource;
import io.parley.evidence.Claims;
import io.parley.identity.VerifyingKey;
import io.parley.seal.HpkeSuite;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Compares verified evidence with what the parties signed. Every reference value is in the
 * agreement, which has no way to leave one out; what it does not allow is refused. Stateless and
 * thread-safe.
 */
public final class ReleasePolicy {
  /** Judges every claim, whatever is wrong with others: owners want to see all that differs. */
  public Judgement judge(VerifiedEvidence evidence, Challenge challenge, JobContext context) {
    Claims claims = evidence.claims();
    Agreement agreement = context.agreement();
    List<Difference> differences =
        Stream.of(
                kind(evidence, agreement),
                job(claims, challenge, context),
                party(claims, challenge, agreement),
                agreement(claims, context),
                platform(evidence, agreement),
                app(claims, challenge, agreement),
                environment(evidence, agreement),
                receiveKey(claims, agreement),
                signingKey(claims))
            .flatMap(Function.identity())
            .toList();
    return differences.isEmpty()
        ? new Judgement.Approved(evidence, context)
        : new Judgement.Refused(differences);
  }

  private static Stream<Difference> kind(VerifiedEvidence evidence, Agreement agreement) {
    return require(
        agreement.environment().evidence().contains(evidence.evidence().kind()),
        Reason.EVIDENCE_KIND_NOT_ALLOWED,
        "kind",
        "the agreement does not accept this kind of evidence; run the enclave on a platform that it"
            + " names",
        agreement.environment().evidence(),
        evidence.evidence().kind());
  }

  private static Stream<Difference> job(Claims claims, Challenge challenge, JobContext context) {
    return Stream.concat(
        require(
            claims.jobId().equals(challenge.job().jobId()),
            Reason.EVIDENCE_JOB_WRONG,
            "job_id",
            "the challenge was given out for another job; ask for one for this job",
            challenge.job().jobId(),
            claims.jobId()),
        require(
            claims.job().equals(context.job().digest()),
            Reason.EVIDENCE_JOB_WRONG,
            "job_sha256",
            "the enclave holds another job specification than the one that was counted",
            context.job().digest(),
            claims.job()));
  }

  private static Stream<Difference> party(Claims claims, Challenge challenge, Agreement agreement) {
    // One claim, so one difference of the two.
    return claims.party().equals(challenge.party())
        ? require(
            agreement.enclaveParties().contains(claims.party()),
            Reason.EVIDENCE_PARTY_WRONG,
            "party",
            "the agreement gives this party no enclave",
            agreement.enclaveParties(),
            claims.party())
        : Stream.of(
            new Difference(
                Reason.EVIDENCE_PARTY_WRONG,
                "party",
                "an enclave asks through its own party's node only",
                challenge.party(),
                claims.party()));
  }

  private static Stream<Difference> agreement(Claims claims, JobContext context) {
    return require(
        claims.agreement().equals(context.job().agreement()),
        Reason.EVIDENCE_AGREEMENT_WRONG,
        "agreement_sha256",
        "the enclave was started under another agreement than its job",
        context.job().agreement(),
        claims.agreement());
  }

  /** What the agreement wants of this kind of hardware; nothing for kind simulated. */
  private static Stream<Difference> platform(VerifiedEvidence evidence, Agreement agreement) {
    Environment environment = agreement.environment();
    if (!environment.evidence().contains(evidence.evidence().kind())) {
      // The kind differs, and of a kind that is not agreed nothing more is.
      return Stream.empty();
    }
    return evidence.platform().stream()
        .flatMap(claims ->
            environment
                .platform(claims.kind())
                .map(policy -> PlatformCheck.ofEnclave(policy, PolicySource.AGREEMENT))
                .orElseThrow(() -> new BugException("no policy for " + claims.kind()))
                .compareAll(claims)
                .stream())
        .filter(each -> each.outcome() != Outcome.HOLDS)
        .map(differs ->
            new Difference(
                differs.reason(),
                differs.claim(),
                differs.advice(),
                differs.expected(),
                differs.seen()));
  }

  /** By who asked: what an enclave says of its party can be wrong, too. */
  private static Stream<Difference> app(Claims claims, Challenge challenge, Agreement agreement) {
    boolean computes = agreement.compute().contains(challenge.party());
    String expected = computes ? agreement.app().toString() : "none";
    String seen = claims.app() == null ? "none" : claims.app().toString();
    return require(
        expected.equals(seen),
        Reason.EVIDENCE_APP_WRONG,
        "app_sha256",
        computes
            ? "the app's files are not those that the parties signed; get the app again by its digest"
            : "this party does not compute under the agreement, its enclave must hold no app",
        expected,
        seen);
  }

  private static Stream<Difference> environment(VerifiedEvidence evidence, Agreement agreement) {
    var wanted = agreement.environment();
    return Stream.of(
            require(
                wanted.shim().contains(evidence.shim()),
                Reason.EVIDENCE_SHIM_WRONG,
                "shim_sha256",
                "the shim's files or start are not those that the parties signed; install the"
                    + " release that the agreement names",
                wanted.shim(),
                evidence.shim()),
            require(
                wanted.isolation().contains(evidence.isolation()),
                Reason.EVIDENCE_ISOLATION_WRONG,
                "isolation",
                "the agreement does not accept this isolation level; see parley doctor",
                wanted.isolation(),
                evidence.isolation()),
            tests(evidence.claims().tests(), wanted.tests()))
        .flatMap(Function.identity());
  }

  private static Stream<Difference> tests(Map<String, String> seen, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .filter(test -> !test.getValue().equals(seen.get(test.getKey())))
        .map(test ->
            new Difference(
                Reason.EVIDENCE_TEST_WRONG,
                "tests." + test.getKey(),
                "this environment test did not come out as agreed; see parley doctor",
                test.getValue(),
                seen.getOrDefault(test.getKey(), "not reported")));
  }

  private static Stream<Difference> receiveKey(Claims claims, Agreement agreement) {
    HpkeSuite wanted = agreement.environment().hpke();
    return require(
        claims.receiveKey().suite() == wanted,
        Reason.EVIDENCE_KEY_WRONG,
        "receive_key",
        "the enclave would receive keys with another HPKE suite than the parties signed; install"
            + " the release that the agreement names",
        wanted,
        claims.receiveKey().suite());
  }

  private static Stream<Difference> signingKey(Claims claims) {
    try {
      new VerifyingKey(claims.signingKey());
      return Stream.empty();
    } catch (RefusedException e) {
      return Stream.of(
          new Difference(
              Reason.EVIDENCE_KEY_WRONG,
              "signing_key",
              "these bytes are no Ed25519 public key",
              "an Ed25519 public key",
              "something else"));
    }
  }

  private static Stream<Difference> require(
      boolean holds, Reason reason, String claim, String advice, Object expected, Object seen) {
    return holds
        ? Stream.empty()
        : Stream.of(new Difference(reason, claim, advice, expected.toString(), seen.toString()));
  }
}
