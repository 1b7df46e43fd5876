/** Runs an app in a unit test, on files laid out as the enclave lays them out. */
@NullMarked
package io.parley.sdk.testing;

import org.jspecify.annotations.NullMarked;
