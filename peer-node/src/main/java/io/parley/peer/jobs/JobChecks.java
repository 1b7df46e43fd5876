package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Window;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.peer.broker.BrokerTrust;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Looks at a job before anything is done for it. The broker is asked for the agreement, and not
 * believed: the bytes, every signature and the own party's key in it are checked here. Thread-safe;
 * calls block.
 */
final class JobChecks {
  static final Duration TIMEOUT_DEFAULT = Duration.ofMinutes(10);
  private static final Duration TIMEOUT_MAX = Duration.ofHours(24);
  private static final Duration TIMEOUT_LEAST = Duration.ofSeconds(1);

  private final String party;
  private final Broker broker;
  private final Supplier<Membership> membership;
  private final Preparation preparation;
  private final InstantSource clock;
  private final String evidenceKind;
  private final BrokerTrust trust;

  JobChecks(
      String party,
      Broker broker,
      Supplier<Membership> membership,
      Preparation preparation,
      InstantSource clock,
      String evidenceKind,
      BrokerTrust trust) {
    this.party = party;
    this.broker = broker;
    this.membership = membership;
    this.preparation = preparation;
    this.clock = clock;
    this.evidenceKind = evidenceKind;
    this.trust = trust;
  }

  /**
   * The job that these bytes stand for.
   *
   * @throws RefusedException that says which check failed
   */
  JobContext check(ByteString specBytes, Duration timeout) {
    if (timeout.compareTo(TIMEOUT_LEAST) < 0 || timeout.compareTo(TIMEOUT_MAX) > 0) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "timeout %d ms is out of bounds; 1 s to 24 h".formatted(timeout.toMillis()),
          Map.of("timeout_ms", Long.toString(timeout.toMillis())));
    }
    JobSpec spec = JobSpec.decode(specBytes);
    SignedAgreement signed = agreement(spec.agreement());
    spec.check(signed);
    JobContext job = new JobContext(party, spec, specBytes, signed, timeout);
    if (!job.participants().contains(party)) {
      throw new RefusedException(
          Reason.NOT_A_PARTY,
          "'%s' has no part in jobs of agreement '%s'".formatted(party, signed.agreement().name()),
          Map.of("party", party));
    }
    requireReachable(job);
    requireEvidence(signed.agreement());
    preparation.check(job);
    // Last, for it may take seconds: what is refused for another reason is so at once.
    trust.require(signed.agreement());
    return job;
  }

  private SignedAgreement agreement(Digest digest) {
    Broker.Agreed agreed = broker.agreement(digest);
    SignedAgreement signed = agreed.signed();
    if (!signed.digest().equals(digest)) {
      throw new RefusedException(
          Reason.INVALID_AGREEMENT,
          "the broker answered with agreement %s; expected %s".formatted(signed.digest(), digest),
          Map.of("expected", digest.toString(), "seen", signed.digest().toString()));
    }
    requireStanding(signed.agreement(), digest, agreed.standing());
    SignedAgreement complete = signed.requireComplete();
    requireOwnKey(complete.agreement());
    requireBroker(complete.agreement());
    return complete;
  }

  private void requireStanding(Agreement agreement, Digest digest, Broker.Standing standing) {
    Map<String, String> metadata = Map.of("agreement", digest.toString());
    String name = agreement.name();
    switch (standing) {
      case ACTIVE -> {}
      case PROPOSED ->
          throw new RefusedException(
              Reason.AGREEMENT_NOT_ACTIVE,
              "agreement '%s' is not signed by all of its parties yet".formatted(name),
              metadata);
      case HALTED ->
          throw new RefusedException(
              Reason.AGREEMENT_HALTED,
              "agreement '%s' is halted; all of its parties must resume it".formatted(name),
              metadata);
      case EXPIRED -> throw expired(agreement, metadata);
      case SUPERSEDED ->
          throw new RefusedException(
              Reason.AGREEMENT_SUPERSEDED,
              "agreement '%s' was replaced by a revision; use that".formatted(name),
              metadata);
      case SHREDDED ->
          throw new RefusedException(
              Reason.KEYS_SHREDDED,
              "the keys of agreement '%s' are destroyed; agree on a new one".formatted(name),
              metadata);
    }
    requireTime(agreement, metadata);
  }

  private void requireTime(Agreement agreement, Map<String, String> metadata) {
    Instant now = clock.instant();
    if (!now.isBefore(agreement.expires())) {
      throw expired(agreement, metadata);
    }
    Window window = agreement.terms().window();
    if (!window.isOpen(now)) {
      throw new RefusedException(
          Reason.OUTSIDE_WINDOW,
          "agreement '%s' is for jobs from %s to %s; it is %s"
              .formatted(
                  agreement.name(),
                  window.notBefore() == null ? "its start" : window.notBefore(),
                  window.notAfter() == null ? "its end" : window.notAfter(),
                  now),
          metadata);
    }
  }

  private static RefusedException expired(Agreement agreement, Map<String, String> metadata) {
    return new RefusedException(
        Reason.AGREEMENT_EXPIRED,
        "agreement '%s' expired at %s".formatted(agreement.name(), agreement.expires()),
        metadata);
  }

  /** An agreement that names another key for us is not one that we signed. */
  private void requireOwnKey(Agreement agreement) {
    Member self = membership.get().member(party);
    if (!agreement.party(party).signingKey().equals(self.party().signingKey())) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "agreement '%s' names a signing key for '%s' that is not its own"
              .formatted(agreement.name(), party),
          Map.of("party", party));
    }
  }

  private void requireBroker(Agreement agreement) {
    Digest known = membership.get().broker().digest();
    if (!agreement.broker().equals(known)) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "agreement '%s' is with broker %s; the consortium's is %s"
              .formatted(agreement.name(), agreement.broker(), known),
          Map.of("expected", agreement.broker().toString(), "seen", known.toString()));
    }
  }

  private void requireReachable(JobContext job) {
    job.participants().forEach(name -> membership.get().member(name));
  }

  private void requireEvidence(Agreement agreement) {
    if (!agreement.environment().evidence().contains(evidenceKind)) {
      throw new RefusedException(
          Reason.EVIDENCE_KIND_NOT_ALLOWED,
          "this node makes '%s' evidence; agreement '%s' accepts %s"
              .formatted(evidenceKind, agreement.name(), agreement.environment().evidence()),
          Map.of("seen", evidenceKind));
    }
  }
}
