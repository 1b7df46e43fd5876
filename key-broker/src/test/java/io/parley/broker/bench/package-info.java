/**
 * How many keys a broker grants in a second, beside what the cryptography of it costs alone: {@code
 * deploy/bench grants}.
 */
@NullMarked
package io.parley.broker.bench;

import org.jspecify.annotations.NullMarked;
