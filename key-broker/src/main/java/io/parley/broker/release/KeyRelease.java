package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Party;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.evidence.EvidenceContext;
import io.parley.broker.evidence.EvidenceParser;
import io.parley.broker.evidence.EvidenceVerifiers;
import io.parley.broker.evidence.ParsedEvidence;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.VerifiedEvidence;
import io.parley.broker.gates.GateKeeper;
import io.parley.broker.gates.GateStep;
import io.parley.broker.jobs.JobRows;
import io.parley.broker.jobs.StoredJob;
import io.parley.broker.policy.Challenge;
import io.parley.broker.policy.Challenges;
import io.parley.broker.policy.JobContext;
import io.parley.broker.policy.Judgement;
import io.parley.broker.policy.ReleasePolicy;
import io.parley.broker.store.Store;
import io.parley.gate.GateOrder;
import io.parley.proto.enclave.v1.Evidence;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.InstantSource;
import java.util.Map;

/**
 * From evidence to sealed keys: parse, verify, judge, record, and only then answer.
 *
 * <p>Guarantee: keys are released to nothing but verified evidence that the policy approved, for a
 * challenge that is used up by asking; the decision, yes or no, is on disk before the answer.
 * Thread-safe.
 */
public final class KeyRelease {
  private final Store store;
  private final Challenges challenges;
  private final EvidenceParser parser = new EvidenceParser();
  private final EvidenceVerifiers verifiers;
  private final TpmCredentials credentials;
  private final ReleasePolicy policy = new ReleasePolicy();
  private final GateKeeper gates;
  private final Grants grants;
  private final Refusals refusals;
  private final InstantSource clock;

  public KeyRelease(
      Store store,
      Challenges challenges,
      EvidenceVerifiers verifiers,
      TpmCredentials credentials,
      GateKeeper gates,
      Grants grants,
      Refusals refusals,
      InstantSource clock) {
    this.store = store;
    this.challenges = challenges;
    this.verifiers = verifiers;
    this.credentials = credentials;
    this.gates = gates;
    this.grants = grants;
    this.refusals = refusals;
    this.clock = clock;
  }

  /**
   * A challenge for one request of the party's enclave of a job.
   *
   * @throws RefusedException JOB_NOT_FOUND, NOT_A_PARTY, EVIDENCE_PARTY_WRONG when the agreement
   *     gives the party no enclave, TOO_MANY, or why the agreement is not active
   */
  public Challenge challenge(Party caller, String jobId, String party) {
    return challenges.create(requireEnclave(caller, jobId, party).job(), party);
  }

  /**
   * A credential for the TPM of the party's enclave of a job.
   *
   * @throws RefusedException as {@link #challenge}, INVALID_EVIDENCE, EVIDENCE_KIND_NOT_ALLOWED, or
   *     what is wrong with the certificates or the key
   */
  public GivenCredential credential(Party caller, String jobId, String party, CredentialWish wish) {
    JobContext context = requireEnclave(caller, jobId, party);
    if (!verifiers.accepts(TpmPolicy.KIND)) {
      throw refusals.unchecked(
          caller,
          context,
          new Verification.Unchecked<>(
              Reason.EVIDENCE_KIND_NOT_ALLOWED, "this broker does not accept evidence of a TPM"));
    }
    return switch (credentials.give(context, party, wish)) {
      case Verification.Genuine<GivenCredential>(GivenCredential given) -> given;
      case Verification.Bad<?> bad -> throw refusals.bad(caller, context, bad);
      case Verification.Unchecked<?> unchecked ->
          throw refusals.unchecked(caller, context, unchecked);
    };
  }

  private JobContext requireEnclave(Party caller, String jobId, String party) {
    requireOwn(caller.name(), party);
    // Neither a job nor which agreement it is of ever changes: this needs no common state.
    StoredJob job = store.readOne(read -> JobRows.require(read, jobId));
    StoredAgreement stored = store.readOne(read -> AgreementRows.require(read, job.agreement()));
    stored.requireParty(caller);
    stored.requireActive(clock.instant());
    JobContext context = new JobContext(job, stored.agreement());
    if (!context.agreement().enclaveParties().contains(party)) {
      throw new RefusedException(
          Reason.EVIDENCE_PARTY_WRONG,
          "agreement '%s' gives %s no enclave: it neither owns a dataset nor computes"
              .formatted(context.agreement().name(), party),
          Map.of("party", party));
    }
    return context;
  }

  /**
   * Judges and, on yes, answers with a signed grant, or with an order for a verification gate that
   * has to be passed first.
   *
   * @throws RefusedException with the reason and the claim that was wrong
   */
  public KeyAnswer release(Party caller, Evidence message) {
    ParsedEvidence parsed;
    try {
      parsed = parser.parse(message);
    } catch (RefusedException e) {
      throw refusals.unreadable(caller, e);
    }
    ByteString nonce = parsed.unverifiedClaims().nonce();
    Challenge challenge =
        challenges
            .redeem(nonce, caller.name())
            .orElseThrow(() -> refusals.unknownChallenge(caller, parsed.unverifiedClaims()));
    StoredJob job = challenge.job();
    Agreement agreement = store.readOne(read -> AgreementRows.terms(read, job.agreement()));
    JobContext context = new JobContext(job, agreement);
    // The name may have been given to somebody else since the challenge was.
    StoredAgreement.requireParty(agreement, job.agreement(), caller);
    Party party = agreement.party(challenge.party());
    VerifiedEvidence verified =
        switch (verifiers.verify(parsed, new EvidenceContext(agreement, party, job.jobId()))) {
          case Verification.Genuine<VerifiedEvidence> genuine -> genuine.evidence();
          case Verification.Bad<?> bad -> throw refusals.bad(caller, context, bad);
          case Verification.Unchecked<?> unchecked ->
              throw refusals.unchecked(caller, context, unchecked);
        };
    return switch (policy.judge(verified, challenge, context)) {
      case Judgement.Approved approved -> grant(caller, context, approved);
      case Judgement.Refused refused -> throw refusals.refused(caller, context, refused);
    };
  }

  private KeyAnswer grant(Party caller, JobContext context, Judgement.Approved approved) {
    GateStep step;
    try {
      step = gates.next(approved);
      if (step instanceof GateStep.Passed(var certified)) {
        return grants.grant(approved, certified);
      }
    } catch (RefusedException e) {
      throw refusals.notNow(caller, context, e);
    }
    return switch (step) {
      case GateStep.Passed _ -> throw new BugException("a gate that was passed is answered above");
      case GateStep.First(GateOrder order) -> grants.sign(order);
      case GateStep.Wrong(Judgement.Refused refused) ->
          throw refusals.refused(caller, context, refused);
      case GateStep.Failed(RefusedException refusal, boolean recorded) ->
          throw recorded ? refusal : refusals.notNow(caller, context, refusal);
    };
  }

  private static void requireOwn(String caller, String party) {
    if (!caller.equals(party)) {
      throw new RefusedException(
          Reason.EVIDENCE_PARTY_WRONG,
          "%s asked for a challenge for %s; ask for your own enclave".formatted(caller, party),
          Map.of("party", party, "caller", caller));
    }
  }
}
