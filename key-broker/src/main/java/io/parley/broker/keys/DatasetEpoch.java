package io.parley.broker.keys;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One epoch of a dataset's key.
 *
 * @param number its place among all that the broker has
 * @param firstJob which job of the agreement, counted from 1, is the first to get it
 * @param retiredAt null while jobs may get it
 * @param newest whether there is none after it
 * @param revoked whether the dataset's owner released it for the last time
 */
public record DatasetEpoch(
    long number,
    String dataset,
    int epoch,
    int firstJob,
    Instant createdAt,
    @Nullable Instant retiredAt,
    boolean newest,
    boolean revoked) {}
