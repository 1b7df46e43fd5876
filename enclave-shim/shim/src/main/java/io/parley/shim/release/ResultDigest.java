package io.parley.shim.release;

import io.parley.wire.Digest;

/**
 * A result as it left.
 *
 * @param sealed SHA-256 over the sealed file as the host got it
 */
public record ResultDigest(String result, long rows, Digest sealed, long sealedBytes) {}
