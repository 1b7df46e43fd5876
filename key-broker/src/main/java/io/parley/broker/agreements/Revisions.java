package io.parley.broker.agreements;

import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Party;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Whether an agreement may take the place of the parent that it names: one that is in force here,
 * may be changed when all agree, and has the same parties with the same signing keys. Each method
 * runs within its caller's transaction, so what it found still holds when the revision takes
 * effect.
 */
final class Revisions {
  private Revisions() {}

  /**
   * Passes when the agreement names no parent, or may replace the one that it names.
   *
   * @throws RefusedException INVALID_REVISION; AGREEMENT_NOT_ACTIVE, AGREEMENT_HALTED,
   *     AGREEMENT_EXPIRED, AGREEMENT_SUPERSEDED or KEYS_SHREDDED, of the parent
   */
  static void check(Handle read, Agreement revision, Instant now) {
    @Nullable Digest parent = revision.terms().parent();
    if (parent == null) {
      return;
    }
    StoredAgreement replaced =
        AgreementRows.find(read, parent)
            .orElseThrow(() ->
                wrong(
                    parent,
                    "this broker has no such agreement; leave 'parent' out, or correct it"));
    requireInForce(replaced, now);
    if (replaced.agreement().changes() != ChangeRule.UNANIMOUS) {
      throw wrong(
          parent, "its parties signed 'changes: never'; agree on a new one without a parent");
    }
    if (!signers(replaced.agreement()).equals(signers(revision))) {
      throw wrong(
          parent,
          "a revision has the same parties with the same signing keys as what it replaces; agree on a"
              + " new one without a parent");
    }
  }

  private static void requireInForce(StoredAgreement parent, Instant now) {
    try {
      parent.requireNotSuperseded();
      parent.requireInForce(now);
    } catch (RefusedException e) {
      throw new RefusedException(
          e.reason(), "the parent cannot be replaced: " + e.getMessage(), e.metadata(), e);
    }
  }

  private static Map<String, VerifyingKey> signers(Agreement agreement) {
    return agreement.parties().stream()
        .collect(Collectors.toMap(Party::name, Party::signingKey, (a, b) -> a, TreeMap::new));
  }

  private static RefusedException wrong(Digest parent, String why) {
    return new RefusedException(
        Reason.INVALID_REVISION,
        "the agreement cannot replace its parent %s: %s".formatted(parent, why),
        Map.of("parent", parent.toString()));
  }
}
