package io.parley.broker.release;

import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.evidence.Verification;
import io.parley.broker.jobs.JobRows;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.policy.Difference;
import io.parley.broker.policy.JobContext;
import io.parley.broker.policy.Judgement;
import io.parley.broker.store.Store;
import io.parley.evidence.Claims;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Refusals, recorded before they are answered. The asker learns the reason, the claim and what to
 * do, of the first claim that differs; all that differ, with expected and seen values, go into the
 * record, for the owners of the datasets whose keys were asked for. A party that causes too many in
 * a minute is answered TOO_MANY instead. Thread-safe.
 */
public final class Refusals {
  private final Store store;
  private final AuditLog log;
  private final StorageLimits limits;

  public Refusals(Store store, AuditLog log, StorageLimits limits) {
    this.store = store;
    this.log = log;
    this.limits = limits;
  }

  RefusedException unreadable(Party caller, RefusedException why) {
    record(
        caller,
        Decision.refusal(caller.name(), null, "", why.reason().name(), "evidence cannot be read"));
    return why;
  }

  RefusedException unknownChallenge(Party caller, Claims claims) {
    // Only a job that the caller takes part in is named in the record.
    Optional<StoredAgreement> agreement =
        store.read(read ->
            JobRows.find(read, claims.jobId())
                .map(job -> AgreementRows.require(read, job.agreement()))
                .filter(stored -> stored.names(caller)));
    String detail = "nonce: unknown, used, expired or another party's";
    record(
        caller,
        Decision.refusal(
            caller.name(),
            agreement.map(StoredAgreement::digest).orElse(null),
            agreement.isPresent() ? claims.jobId() : "",
            Reason.CHALLENGE_UNKNOWN.name(),
            detail));
    return new RefusedException(
        Reason.CHALLENGE_UNKNOWN,
        "the nonce in this evidence is not one that is open for %s: it was never given out, was used"
                .formatted(caller.name())
            + " before, or its time is up. Ask for a new challenge and make new evidence over it",
        Map.of("claim", "nonce", "job", claims.jobId()));
  }

  RefusedException bad(Party caller, JobContext context, Verification.Bad<?> bad) {
    return differing(
        caller,
        context,
        List.of(
            new Difference(bad.reason(), bad.claim(), bad.advice(), bad.expected(), bad.seen())));
  }

  RefusedException unchecked(
      Party caller, JobContext context, Verification.Unchecked<?> unchecked) {
    record(
        caller,
        Decision.refusal(
            caller.name(),
            context.job().agreement(),
            context.job().jobId(),
            unchecked.reason().name(),
            "could not be checked: " + unchecked.why()));
    return new RefusedException(
        unchecked.reason(),
        "evidence could not be checked: " + unchecked.why(),
        Map.of("claim", "kind", "job", context.job().jobId()));
  }

  RefusedException refused(Party caller, JobContext context, Judgement.Refused refused) {
    return differing(caller, context, refused.differences());
  }

  /** The evidence is fine, the moment is not: halted, expired, finished, or another enclave. */
  RefusedException notNow(Party caller, JobContext context, RefusedException why) {
    record(
        caller,
        Decision.refusal(
            caller.name(),
            context.job().agreement(),
            context.job().jobId(),
            why.reason().name(),
            "evidence is as agreed, keys were not released"));
    return why;
  }

  /** The first decides, and is all that the asker is told of; all are recorded. */
  private RefusedException differing(
      Party caller, JobContext context, List<Difference> differences) {
    Difference first = differences.getFirst();
    Agreement agreement = context.agreement();
    List<String> owners =
        agreement.keysFor(caller.name()).stream()
            .map(agreement::dataset)
            .map(Dataset::owner)
            .distinct()
            .sorted()
            .toList();
    record(
        caller,
        Decision.refusal(
                caller.name(),
                context.job().agreement(),
                context.job().jobId(),
                first.reason().name(),
                "claim %s: %s".formatted(first.claim(), first.advice()))
            .comparing(differences.stream().map(Refusals::compared).toList(), owners));
    return new RefusedException(
        first.reason(),
        "no keys for %s in job %s: claim '%s' is not as agreed: %s. The owners of the datasets see"
                .formatted(caller.name(), context.job().jobId(), first.claim(), first.advice())
            + " expected and seen values with 'parley job explain'",
        Map.of("claim", first.claim(), "party", caller.name(), "job", context.job().jobId()));
  }

  private static Decision.Compared compared(Difference difference) {
    return new Decision.Compared(
        difference.claim(),
        difference.expected(),
        difference.seen(),
        difference.reason().name(),
        difference.advice());
  }

  private void record(Party caller, Decision decision) {
    limits.requireRoomInRecord(caller);
    store.write(write -> {
      log.append(write, decision);
      return decision;
    });
  }
}
