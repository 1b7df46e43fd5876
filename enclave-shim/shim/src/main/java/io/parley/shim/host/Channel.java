package io.parley.shim.host;

/**
 * A byte stream between two enclaves of a job.
 *
 * @param initiator whether this enclave asked for it
 */
public record Channel(String party, String stream, boolean initiator) {}
