package io.parley.broker.gates;

import io.parley.wire.Digest;
import java.time.Instant;

/**
 * Says that a step passed its owner's gate.
 *
 * @param identity digest of what the step does
 * @param jobId in which it passed
 */
public record Certificate(Digest identity, String jobId, Instant issuedAt, Instant expiresAt) {}
