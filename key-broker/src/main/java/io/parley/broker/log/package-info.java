/** The append-only record of decisions. */
@NullMarked
package io.parley.broker.log;

import org.jspecify.annotations.NullMarked;
