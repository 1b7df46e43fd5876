package io.parley.shim.keys;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Gate;
import io.parley.agreement.StepIdentity;
import io.parley.evidence.Evidence;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateVerdict;
import io.parley.identity.VerifyingKey;
import io.parley.seal.Bindings;
import io.parley.seal.Hpke;
import io.parley.seal.SealedKey;
import io.parley.seal.Secret;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.Grant;
import io.parley.shim.host.SignedGrant;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a grant is the pinned broker's answer to exactly this evidence, and opens its
 * keys. The host may have made the answer up, or kept it from another job.
 */
final class GrantCheck {
  static final String LABEL = "parley/v1/grant";

  private final Enclave enclave;
  private final Evidence evidence;

  GrantCheck(Enclave enclave, Evidence evidence) {
    this.enclave = enclave;
    this.evidence = evidence;
  }

  /**
   * The keys, when everything holds.
   *
   * @throws RefusedException BROKER_KEY_WRONG or GRANT_WRONG
   */
  JobKeys open(SignedGrant signed) {
    VerifyingKey broker =
        BrokerSignature.verify(
                enclave, signed.brokerKey(), LABEL, signed.grant(), signed.signature())
            .orElseThrow(() ->
                wrong("signature", "one by the agreement's broker", "one that does not verify"));
    Grant grant;
    try {
      grant = Grant.parse(signed.grant());
    } catch (RefusedException e) {
      throw new RefusedException(Reason.GRANT_WRONG, "grant: " + e.getMessage(), e.metadata(), e);
    }
    same("job_id", enclave.spec().jobId(), grant.jobId());
    same("party", enclave.party(), grant.party());
    same("agreement", enclave.signed().digest(), grant.agreement());
    same("job", enclave.job(), grant.job());
    same("evidence", evidence.digest(), grant.evidence());
    requireGatesPassed(grant);
    return keys(grant, broker);
  }

  /** The broker knows; keys before the last gate would be none of its, or of a broken one. */
  private void requireGatesPassed(Grant grant) {
    grant.certified().forEach(this::requireSameStep);
    List<Gate> passed = new ArrayList<>(grant.certified().keySet());
    enclave.gates().stream()
        .filter(gate -> gate.verdict() == GateVerdict.PASSED)
        .map(GateOutcome::gate)
        .forEach(passed::add);
    passed.sort(Comparator.naturalOrder());
    same("gates", List.copyOf(enclave.agreement().gatesBefore(enclave.party())), passed);
  }

  /** A certificate is of what runs here, which is the same in every job. */
  private void requireSameStep(Gate gate, Digest identity) {
    Agreement agreement = enclave.agreement();
    Chain chain = agreement.chain();
    if (chain == null || !agreement.gatesBefore(enclave.party()).contains(gate)) {
      throw wrong("certified", "a step with a gate", gate.text());
    }
    ChainStep step = chain.step(gate.step());
    same("certified." + gate.step(), StepIdentity.of(step, chain, agreement), identity);
    if (!StepIdentity.isFixed(step, agreement)) {
      throw wrong("certified." + gate.step(), "a step that is the same in every job", "another");
    }
  }

  private JobKeys keys(Grant grant, VerifyingKey broker) {
    Map<String, Secret> datasets = new HashMap<>();
    @Nullable Secret job = null;
    boolean complete = false;
    try {
      for (Grant.GrantedKey granted : grant.keys()) {
        switch (granted) {
          case Grant.GrantedKey.OfJob(int epoch, SealedKey sealed) -> {
            refuseTwice(job, "the job");
            job = Hpke.open(enclave.keys().receive(), bindings().jobChannels(epoch), sealed);
          }
          case Grant.GrantedKey.OfDataset(String dataset, int epoch, SealedKey sealed) -> {
            refuseTwice(datasets.get(dataset), dataset);
            datasets.put(
                dataset,
                Hpke.open(enclave.keys().receive(), bindings().dataset(dataset, epoch), sealed));
          }
        }
      }
      SortedSet<String> expected = enclave.agreement().keysFor(enclave.party());
      if (!datasets.keySet().equals(expected)) {
        throw wrong("keys", expected.toString(), datasets.keySet().toString());
      }
      if (job == null) {
        throw wrong("job key", "one", "none");
      }
      JobKeys keys = new JobKeys(broker, datasets, job);
      complete = true;
      return keys;
    } finally {
      if (!complete) {
        datasets.values().forEach(Secret::close);
        if (job != null) {
          job.close();
        }
      }
    }
  }

  private Bindings.Grant bindings() {
    return new Bindings.Grant(
        enclave.signed().digest(),
        enclave.job(),
        evidence.digest(),
        enclave.party(),
        enclave.keys().receive().publicKey());
  }

  private static void refuseTwice(@Nullable Secret before, String what) {
    if (before != null) {
      throw wrong("keys", "each once", "two for " + what);
    }
  }

  private static void same(String field, Object expected, Object seen) {
    if (!expected.equals(seen)) {
      throw wrong(field, expected.toString(), seen.toString());
    }
  }

  private static RefusedException wrong(String field, String expected, String seen) {
    return new RefusedException(
        Reason.GRANT_WRONG,
        "the broker's grant is not for this enclave: %s: expected %s, came %s"
            .formatted(field, expected, seen),
        Map.of("field", field, "expected", expected, "seen", seen));
  }
}
