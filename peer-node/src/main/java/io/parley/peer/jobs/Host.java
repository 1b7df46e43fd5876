package io.parley.peer.jobs;

import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.results.ResultFiles;
import java.util.concurrent.ExecutorService;

/**
 * What an enclave is served with.
 *
 * @param memoryLimitBytes of one enclave
 * @param threads platform threads, as many as it takes: they block in the kernel
 */
record Host(
    EnclaveLauncher launcher,
    long memoryLimitBytes,
    String evidenceKind,
    Broker broker,
    Peers peers,
    Datasets datasets,
    ResultFiles results,
    ExecutorService threads) {}
