package io.parley.shim.host;

/** What comes back for evidence: keys, or a verification gate to pass first. */
public sealed interface KeyAnswer permits SignedGrant, SignedGateOrder {}
