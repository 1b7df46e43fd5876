package io.parley.broker.release;

/** What an enclave gets for evidence that is as agreed: keys, or a gate to pass first. */
public sealed interface KeyAnswer permits SignedGrant, SignedGateOrder {}
