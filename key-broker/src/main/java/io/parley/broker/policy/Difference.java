package io.parley.broker.policy;

import io.parley.wire.Reason;

/**
 * One claim that is not as it should be.
 *
 * @param reason that this claim alone is refused with
 * @param claim its name
 * @param advice what the asker can do; holds no expected or seen value
 * @param expected for the owners of the data only, as is {@code seen}
 */
public record Difference(
    Reason reason, String claim, String advice, String expected, String seen) {}
