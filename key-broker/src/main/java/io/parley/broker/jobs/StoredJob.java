package io.parley.broker.jobs;

import io.parley.wire.Digest;

/**
 * A job as the broker counted it.
 *
 * @param digest over the exact bytes of its spec
 * @param ordinal which of its agreement's jobs it is, from 1
 */
public record StoredJob(
    String jobId,
    Digest agreement,
    Digest digest,
    String submitter,
    String requestId,
    int ordinal) {}
