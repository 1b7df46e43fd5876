package io.parley.broker.evidence;

import io.parley.agreement.Agreement;
import io.parley.agreement.Party;

/**
 * What the broker itself knows of whoever shows evidence.
 *
 * @param party that the enclave must belong to, as the agreement has it
 * @param jobId that the challenge was given out for
 */
public record EvidenceContext(Agreement agreement, Party party, String jobId) {}
