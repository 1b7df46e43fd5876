package io.parley.broker.policy.platform;

import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.wire.Reason;
import java.util.List;
import java.util.Set;

/**
 * How new a machine of Intel's must be.
 *
 * @param advisories sets; those of the machine must all be in one
 * @param evaluation the least number of Intel's evaluation data
 */
record TcbCheck(
    Expected<TcbStatus> statuses, Expected<Set<String>> advisories, Expected<Integer> evaluation) {
  /** Old machines are refused without any policy, once collateral tells. */
  static TcbCheck genuineOnly(String because, boolean collateral) {
    String none = "no collateral was given";
    return new TcbCheck(
        collateral
            ? new Expected.OneOf<>(List.of(TcbStatus.UP_TO_DATE), PlatformCheck.DEFAULT)
            : new Expected.Unchecked<>(none),
        collateral
            ? new Expected.OneOf<>(List.of(Set.of()), PlatformCheck.DEFAULT)
            : new Expected.Unchecked<>(none),
        new Expected.Unchecked<>(collateral ? because : none));
  }

  void compare(Comparisons all, Tcb tcb) {
    TcbStatus status = tcb.status();
    all.that(
        status == TcbStatus.NOT_CHECKED
            ? Reason.EVIDENCE_COLLATERAL_MISSING
            : Reason.EVIDENCE_TCB_OUTDATED,
        "tcb_status",
        statuses,
        status.text(),
        (allowed, seen) -> allowed.text().equals(seen),
        "",
        status == TcbStatus.NOT_CHECKED
            ? "send Intel's collateral with the evidence"
            : "update the machine as Intel's advisories say");
    all.that(
        Reason.EVIDENCE_ADVISORY_NOT_ALLOWED,
        "advisories",
        advisories,
        tcb.advisories(),
        Set::containsAll,
        "at most ",
        "update the machine as Intel's advisories say");
    all.that(
        Reason.EVIDENCE_COLLATERAL_EXPIRED,
        "tcb_evaluation",
        evaluation,
        tcb.evaluation(),
        (least, seen) -> seen >= least,
        "at least ",
        "get Intel's newer collateral");
  }
}
