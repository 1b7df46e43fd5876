package io.parley.broker.gates;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Gate;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.policy.JobContext;
import io.parley.broker.policy.Judgement;
import io.parley.broker.store.Store;
import io.parley.evidence.Claims;
import io.parley.gate.GateOrder;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateTask;
import io.parley.gate.GateVerdict;
import io.parley.seal.GateBindings;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.SealedBytes;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Stands between right evidence and the keys: every gate that the agreement asks for must have been
 * passed, by this enclave, on the set that was drawn for it.
 *
 * <p>Guarantee: one draw for each job, party and gate, on disk before the set leaves, and one
 * verdict for it, on disk before the answer. A gate that was failed stays failed for the job,
 * whatever is shown later, and a second enclave gets nothing of it. A step that passed is certified
 * with the verdict or not at all. Thread-safe.
 */
public final class GateKeeper {
  private final Store store;
  private final AuditLog log;
  private final HpkeKeyPair key;
  private final OutcomeCheck outcomes;
  private final SecureRandom random;
  private final InstantSource clock;

  /**
   * @param key that sets and findings are sealed to
   */
  public GateKeeper(
      Store store, AuditLog log, HpkeKeyPair key, SecureRandom random, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.key = key;
    this.outcomes = new OutcomeCheck(key);
    this.random = random;
    this.clock = clock;
  }

  /**
   * What comes next.
   *
   * @throws RefusedException GATE_MISSING when there is neither a set nor a certificate,
   *     EVIDENCE_KEY_WRONG for a second enclave, or why the agreement is not active
   */
  public GateStep next(Judgement.Approved approved) {
    JobContext context = approved.context();
    Claims claims = approved.evidence().claims();
    SortedSet<Gate> gates = context.agreement().gatesBefore(claims.party());
    if (gates.isEmpty() && claims.gates().isEmpty()) {
      // Nothing is ever drawn under such an agreement.
      return new GateStep.Passed(new TreeMap<>());
    }
    SortedMap<Gate, Draw> draws =
        store.read(read -> GateRows.draws(read, claims.jobId(), claims.party()));
    for (Draw draw : draws.values()) {
      requireSameEnclave(draw, claims);
      if (draw.failed()) {
        return new GateStep.Failed(failed(draw), false);
      }
    }
    for (GateOutcome outcome : claims.gates()) {
      @Nullable Draw draw = draws.get(outcome.gate());
      if (draw == null || !gates.contains(outcome.gate())) {
        return new GateStep.Wrong(OutcomeCheck.wrong(outcome.gate(), "draw", "none", "an outcome"));
      }
      if (draw.set().sealed().isEmpty()) {
        throw gone(draw);
      }
      switch (outcomes.check(outcome, draw, context)) {
        case OutcomeCheck.Checked.Foreign(Judgement.Refused refusal) -> {
          return new GateStep.Wrong(refusal);
        }
        case OutcomeCheck.Checked.Genuine genuine -> {
          boolean recorded = settle(context, draw, genuine);
          GateVerdict verdict = genuine.verdict();
          if (verdict != GateVerdict.PASSED) {
            return new GateStep.Failed(failed(draw), recorded);
          }
        }
      }
    }
    return left(approved, gates, draws.keySet());
  }

  /**
   * The next that is to be run; none that a certificate spares, unless its set was drawn already.
   */
  private GateStep left(Judgement.Approved approved, SortedSet<Gate> gates, Set<Gate> drawn) {
    Agreement agreement = approved.context().agreement();
    Set<Gate> claimed =
        approved.evidence().claims().gates().stream()
            .map(GateOutcome::gate)
            .collect(Collectors.toSet());
    SortedMap<Gate, Certificate> valid =
        claimed.containsAll(gates)
            ? Collections.emptySortedMap()
            : store.read(read -> Certificates.valid(read, agreement, clock));
    TreeMap<Gate, Certificate> spared = new TreeMap<>();
    for (Gate gate : gates) {
      @Nullable Certificate certificate = drawn.contains(gate) ? null : valid.get(gate);
      if (claimed.contains(gate)) {
        continue;
      }
      if (certificate == null) {
        return new GateStep.First(order(approved, gate));
      }
      spared.put(gate, certificate);
    }
    return new GateStep.Passed(spared);
  }

  /** The first verdict counts, and is recorded. */
  private boolean settle(JobContext context, Draw draw, OutcomeCheck.Checked.Genuine outcome) {
    return draw.verdict() == null
        && store.write(write -> {
          @Nullable Draw now = GateRows.draws(write, draw.jobId(), draw.party()).get(draw.gate());
          if (now == null || now.verdict() != null) {
            return false;
          }
          GateRows.close(write, draw, outcome.verdict());
          Optional<Certificate> certificate =
              outcome.verdict() == GateVerdict.PASSED
                  ? Certificates.issue(
                      write, context.agreement(), draw, outcome.certified(), clock.instant())
                  : Optional.empty();
          log.append(write, decision(context, draw, outcome, certificate));
          return true;
        });
  }

  private static Decision decision(
      JobContext context,
      Draw draw,
      OutcomeCheck.Checked.Genuine outcome,
      Optional<Certificate> certificate) {
    String gate = "the verification gate " + draw.gate().text();
    GateVerdict verdict = outcome.verdict();
    Decision decision =
        verdict == GateVerdict.PASSED
            ? Decision.about(
                Action.GATE,
                draw.party(),
                context.job().agreement(),
                draw.jobId(),
                gate
                    + " was passed"
                    + certificate
                        .map(issued -> "; the step is certified until " + issued.expiresAt())
                        .orElse(""))
            : Decision.refusal(
                draw.party(),
                context.job().agreement(),
                draw.jobId(),
                Reason.GATE_FAILED.name(),
                gate + ": " + verdict.text());
    return decision.comparing(
        GateReport.of(draw, verdict, outcome.findings()), List.of(draw.gate().owner()));
  }

  private GateOrder order(Judgement.Approved approved, Gate gate) {
    JobContext context = approved.context();
    Claims claims = approved.evidence().claims();
    Draw draw = store.write(write -> drawn(write, context, claims, gate));
    if (draw.set().sealed().isEmpty()) {
      throw gone(draw);
    }
    Digest evidence = approved.evidence().evidence().digest();
    GateTask task = new GateTask(outcomes.open(draw.set()), draw.draw(), key.publicKey());
    try {
      SealedBytes sealed =
          SealedBytes.seal(
              claims.receiveKey(),
              GateBindings.task(
                  context.job().agreement(),
                  context.job().digest(),
                  evidence,
                  claims.party(),
                  gate.owner(),
                  gate.step(),
                  claims.receiveKey()),
              task.encode());
      return new GateOrder(
          claims.jobId(),
          claims.party(),
          context.job().agreement(),
          context.job().digest(),
          evidence,
          gate,
          draw.set().digest(),
          sealed);
    } catch (RefusedException e) {
      throw new RefusedException(
          Reason.EVIDENCE_KEY_WRONG,
          "nothing can be sealed to the receive key in this evidence: " + e.getMessage(),
          Map.of("claim", "receive_key", "party", claims.party()),
          e);
    }
  }

  private Draw drawn(Handle write, JobContext context, Claims claims, Gate gate) {
    StoredAgreement now = AgreementRows.require(write, context.job().agreement());
    now.requireActive(clock.instant());
    @Nullable Draw before = GateRows.draws(write, claims.jobId(), claims.party()).get(gate);
    if (before != null) {
      requireSameEnclave(before, claims);
      return before;
    }
    List<StoredSet> sets = GateRows.drawable(write, now.digest(), gate);
    if (sets.isEmpty()) {
      throw GateRows.missing(now, List.of(gate));
    }
    byte[] secret = new byte[GateTask.DRAW_BYTES];
    random.nextBytes(secret);
    Draw draw =
        new Draw(
            claims.jobId(),
            claims.party(),
            whole(write, sets.get(random.nextInt(sets.size()))),
            ByteString.copyFrom(secret),
            receiveKey(claims),
            claims.signingKey(),
            Certificates.generation(write, now.agreement(), gate),
            null);
    GateRows.insert(write, draw, clock.instant());
    log.append(
        write,
        Decision.about(
                Action.GATE,
                claims.party(),
                now.digest(),
                claims.jobId(),
                "a verification set %s was drawn".formatted(gate.text()))
            .comparing(
                List.of(
                    new Decision.Compared(
                        "verification set", draw.set().name(), draw.set().digest().toString())),
                List.of(gate.owner())));
    return draw;
  }

  private static StoredSet whole(Handle write, StoredSet set) {
    return GateRows.find(write, set.agreement(), set.owner(), set.digest())
        .orElseThrow(() -> new BugException("a verification set is gone from the list"));
  }

  private static ByteString receiveKey(Claims claims) {
    return claims.receiveKey().toMessage().toByteString();
  }

  private static void requireSameEnclave(Draw draw, Claims claims) {
    if (!draw.receiveKey().equals(receiveKey(claims))
        || !draw.signingKey().equals(claims.signingKey())) {
      throw new RefusedException(
          Reason.EVIDENCE_KEY_WRONG,
          ("job %s has had its enclave at %s already, this is another one; a counted job runs once,"
                  + " start a new job")
              .formatted(draw.jobId(), draw.party()),
          Map.of("claim", "receive_key", "party", draw.party(), "job", draw.jobId()));
    }
  }

  private static RefusedException failed(Draw draw) {
    return new RefusedException(
        Reason.GATE_FAILED,
        ("the app did not pass the verification gate %s in job %s, so no key was released; %s sees"
                + " why with 'parley job explain'")
            .formatted(draw.gate().text(), draw.jobId(), draw.gate().owner()),
        metadata(draw, Map.of("party", draw.party())));
  }

  /** Shredded, or removed after its verdict: nothing to compare with any more. */
  private static RefusedException gone(Draw draw) {
    return new RefusedException(
        Reason.GATE_MISSING,
        "the verification set %s that job %s drew was removed; start a new job"
            .formatted(draw.gate().text(), draw.jobId()),
        metadata(draw, Map.of()));
  }

  private static Map<String, String> metadata(Draw draw, Map<String, String> more) {
    Map<String, String> metadata = new TreeMap<>(more);
    metadata.put("owner", draw.gate().owner());
    metadata.put("job", draw.jobId());
    if (draw.gate().ofStep()) {
      metadata.put("step", draw.gate().step());
    }
    return metadata;
  }
}
