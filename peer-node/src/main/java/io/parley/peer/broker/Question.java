package io.parley.peer.broker;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import java.time.Instant;
import java.util.List;

/**
 * What is to be judged. Immutable.
 *
 * @param expected what the evidence must be about
 * @param policies what an agreement demands; empty: the evidence is only looked at
 */
public record Question(
    BrokerEvidence evidence, BrokerStatement expected, List<PlatformPolicy> policies, Instant at) {
  public Question {
    policies = List.copyOf(policies);
  }
}
