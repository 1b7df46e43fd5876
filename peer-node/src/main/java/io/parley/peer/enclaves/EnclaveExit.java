package io.parley.peer.enclaves;

/**
 * How an enclave ended.
 *
 * @param code 0 when the shim ended by itself in good order; 128 + signal when killed
 * @param memoryLimit the kernel killed a process of it because its memory limit was reached
 * @param detail for the log and the job's status: what ended, and how. No values from datasets
 */
public record EnclaveExit(int code, boolean memoryLimit, String detail) {}
