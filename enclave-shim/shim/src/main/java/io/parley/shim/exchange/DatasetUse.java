package io.parley.shim.exchange;

import io.parley.wire.Digest;

/**
 * A dataset as it took part in a job.
 *
 * @param commitment SHA-256 over the owner's salt and file, as the owner's enclave stated it
 */
public record DatasetUse(String dataset, long rows, Digest commitment) {}
