package io.parley.broker.policy;

import io.parley.agreement.Agreement;
import io.parley.broker.jobs.StoredJob;

/**
 * What the broker itself knows about the job that a challenge was given out for, and never changes.
 * Whether its agreement still is active is for the transaction that a release is recorded in.
 *
 * @param agreement the one whose digest the job has
 */
public record JobContext(StoredJob job, Agreement agreement) {}
