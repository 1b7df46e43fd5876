package io.parley.broker.gates;

import io.parley.wire.Digest;
import java.time.Instant;

/**
 * A verification set as its owner sees it.
 *
 * @param step of the agreement's chain; empty: its one app
 * @param drawn how many enclaves got it
 * @param passed how many of them passed with it
 * @param failed how many did not
 */
public record ListedSet(
    Digest digest,
    String name,
    String step,
    Instant addedAt,
    long sizeBytes,
    int drawn,
    int passed,
    int failed) {}
