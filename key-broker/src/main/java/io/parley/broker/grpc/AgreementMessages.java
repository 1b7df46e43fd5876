package io.parley.broker.grpc;

import io.parley.broker.agreements.Agreements;
import io.parley.broker.agreements.Allowance;
import io.parley.broker.agreements.BudgetUse;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementState;
import java.time.InstantSource;

/** Agreements as messages: what they are, and what they still allow at this moment. */
public final class AgreementMessages {
  private final Agreements agreements;
  private final InstantSource clock;

  public AgreementMessages(Agreements agreements, InstantSource clock) {
    this.agreements = agreements;
    this.clock = clock;
  }

  AgreementRecord of(StoredAgreement stored) {
    Allowance allowance = agreements.allowance(stored);
    AgreementRecord.Builder record =
        AgreementRecord.newBuilder()
            .setSha256(stored.digest().value())
            .setEnvelope(stored.envelope().toProto())
            .setState(
                switch (stored.state(clock.instant())) {
                  case PROPOSED -> AgreementState.AGREEMENT_STATE_PROPOSED;
                  case ACTIVE -> AgreementState.AGREEMENT_STATE_ACTIVE;
                  case HALTED -> AgreementState.AGREEMENT_STATE_HALTED;
                  case EXPIRED -> AgreementState.AGREEMENT_STATE_EXPIRED;
                  case SUPERSEDED -> AgreementState.AGREEMENT_STATE_SUPERSEDED;
                  case SHREDDED -> AgreementState.AGREEMENT_STATE_SHREDDED;
                })
            .setJobsStarted(stored.jobsStarted())
            .setProposedAt(Fields.timestamp(stored.proposedAt()))
            .addAllResumeAskedBy(stored.resumeAskedBy())
            .setJobsStartedToday(allowance.jobsToday())
            .setRefusedNow(allowance.refusedNow());
    for (BudgetUse use : allowance.budgets()) {
      var budget =
          io.parley.proto.broker.v1.BudgetUse.newBuilder()
              .setDataset(use.dataset())
              .setUsed(use.used());
      if (use.nextAt() != null) {
        budget.setNextAt(Fields.timestamp(use.nextAt()));
      }
      record.addBudgets(budget);
    }
    if (stored.haltedBy() != null) {
      record.setHaltedBy(stored.haltedBy());
    }
    if (stored.supersededBy() != null) {
      record.setSupersededBy(stored.supersededBy().value());
    }
    if (stored.shreddedBy() != null) {
      record.setShreddedBy(stored.shreddedBy());
    }
    return record.build();
  }
}
