package io.parley.peer.jobs;

import io.parley.wire.Digest;

/** A sealed result that a node holds. */
public record SealedResult(String name, long sizeBytes, Digest sha256, String heldBy) {}
