package io.parley.broker.policy;

import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.jobs.StoredJob;

/** What the broker itself knows about the job that a challenge was given out for. */
public record JobContext(StoredJob job, StoredAgreement agreement) {}
