package io.parley.peer.config;

/**
 * What {@code enclave.yaml} says: what the operator of a confidential VM chooses about the enclave
 * server in it. Immutable.
 *
 * @param listen where the party's node reaches it; port 0 lets the system pick
 * @param platform what vouches for the enclaves: the VM's
 * @param memoryBytes for all enclaves together and the datasets that are handed to them
 * @param enclavesMax at once
 * @param uid user that enclaves run as when the server itself runs as root
 */
public record EnclaveConfig(
    HostPort listen, PlatformConfig platform, long memoryBytes, int enclavesMax, int uid) {}
