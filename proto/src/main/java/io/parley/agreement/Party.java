package io.parley.agreement;

import io.parley.identity.VerifyingKey;
import io.parley.seal.HpkePublicKey;
import io.parley.wire.Problems;
import io.parley.wire.Reason;

/**
 * A party as the signers know it.
 *
 * @param signingKey signs agreements and membership lists
 * @param resultKey results are sealed to it
 * @param simulatedPlatformKey signs its simulated evidence; proves nothing about the host
 * @param witnessKey cosigns checkpoints of the broker's log
 */
public record Party(
    String name,
    VerifyingKey signingKey,
    HpkePublicKey resultKey,
    VerifyingKey simulatedPlatformKey,
    VerifyingKey witnessKey) {
  public Party {
    Problems problems = new Problems();
    new Rules(problems).partyName("name", name);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "party");
  }
}
