package io.parley.shim;

import io.parley.shim.compute.AppRunner;
import io.parley.shim.exchange.Exchange;
import io.parley.shim.keys.Retries;
import java.security.SecureRandom;
import java.util.SortedMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a shim is put together from.
 *
 * @param nanos a monotonic clock
 * @param environmentTests run once per enclave
 * @param ownBytes memory that this process may come to use
 * @param threads processors that the app should use
 */
record ShimParts(
    Folders folders,
    SecureRandom random,
    LongSupplier nanos,
    Supplier<SortedMap<String, String>> environmentTests,
    AppRunner apps,
    Retries retries,
    Exchange.Patience patience,
    long ownBytes,
    int threads) {}
